; What TypeScript adds to the patterns of JavaScript, and what its grammar calls otherwise.

(class_declaration name: (type_identifier) @name body: (class_body) @body) @definition.class
(abstract_class_declaration name: (type_identifier) @name body: (class_body) @body) @definition.class
(interface_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(type_alias_declaration name: (type_identifier) @name) @definition.type
(enum_declaration name: (identifier) @name body: (enum_body) @body) @definition.enum
(enum_body name: (property_identifier) @name @definition.enum_member)
(enum_body (enum_assignment name: (property_identifier) @name) @definition.enum_member)
(internal_module name: [(identifier) (nested_identifier)] @name body: (statement_block) @body) @definition.namespace
(module name: [(identifier) (nested_identifier)] @name body: (statement_block) @body) @definition.namespace

; Without a body: overloads, abstract methods, declarations of what is elsewhere.
(function_signature name: (identifier) @name) @definition.function
(abstract_method_signature name: (property_identifier) @name) @definition.method
(class_body (method_signature name: (property_identifier) @name) @definition.method)
(interface_body (method_signature name: (property_identifier) @name) @definition.method)
(interface_body (property_signature name: (property_identifier) @name) @definition.property)
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant)))
(program (ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)))

(public_field_definition name: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
(public_field_definition name: [(property_identifier) (private_property_identifier)] @name) @definition.field

; Variables of namespaces.
(internal_module body: (statement_block (export_statement (lexical_declaration
  (variable_declarator name: (identifier) @name) @definition.constant))))

; Uses.

(type_annotation [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(type_arguments [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(generic_type name: [(type_identifier) @reference.type (nested_type_identifier name: (type_identifier) @reference.type)])
(union_type (type_identifier) @reference.type)
(intersection_type (type_identifier) @reference.type)
(array_type (type_identifier) @reference.type)
(type_alias_declaration value: (type_identifier) @reference.type)
(as_expression (type_identifier) @reference.type)
(satisfies_expression (type_identifier) @reference.type)
(constraint (type_identifier) @reference.type)
(type_predicate type: (type_identifier) @reference.type)
(nested_type_identifier name: (type_identifier) @reference.type)
(extends_clause value: [(identifier) @reference.type (member_expression property: (property_identifier) @reference.type)])
(implements_clause [(type_identifier) @reference.type (generic_type name: (type_identifier) @reference.type)])
(extends_type_clause type: [(type_identifier) @reference.type (generic_type name: (type_identifier) @reference.type)])

; import fs = require("fs")
(import_statement (import_require_clause (identifier) @reference.import source: (string) @import.module))
