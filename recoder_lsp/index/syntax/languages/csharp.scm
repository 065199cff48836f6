; C#. What is more special stands first.

(namespace_declaration name: (_) @name body: (_) @body) @definition.namespace
(file_scoped_namespace_declaration name: (_) @name) @definition.namespace

(class_declaration name: (identifier) @name body: (_)? @body) @definition.class
(record_declaration name: (identifier) @name body: (_)? @body) @definition.class
(struct_declaration name: (identifier) @name body: (_)? @body) @definition.struct
(interface_declaration name: (identifier) @name body: (_)? @body) @definition.interface
(enum_declaration name: (identifier) @name body: (_)? @body) @definition.enum
(enum_member_declaration name: (identifier) @name) @definition.enum_member
(delegate_declaration name: (identifier) @name) @definition.type

(method_declaration name: (identifier) @name body: (_)? @body) @definition.method
(constructor_declaration name: (identifier) @name body: (_)? @body) @definition.constructor
(local_function_statement name: (identifier) @name body: (_)? @body) @definition.function

(property_declaration name: (identifier) @name accessors: (_) @body) @definition.property
(property_declaration name: (identifier) @name value: (arrow_expression_clause) @body) @definition.property
(indexer_declaration "this" @name accessors: (_)? @body value: (arrow_expression_clause)? @body) @definition.property
(event_declaration name: (identifier) @name accessors: (_)? @body) @definition.property
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.property

(field_declaration
  (modifier "const")
  (variable_declaration (variable_declarator name: (identifier) @name))) @definition.constant
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field

(invocation_expression
  function: [
    (identifier) @reference.call
    (generic_name (identifier) @reference.call)
    (member_access_expression name: [(identifier) @reference.call (generic_name (identifier) @reference.call)])
    (conditional_access_expression
      (member_binding_expression name: [(identifier) @reference.call (generic_name (identifier) @reference.call)]))
  ])
(object_creation_expression
  type: [
    (identifier) @reference.call
    (generic_name (identifier) @reference.call)
    (qualified_name name: [(identifier) @reference.call (generic_name (identifier) @reference.call)])
  ])

(base_list
  [
    (identifier) @reference.type
    (generic_name (identifier) @reference.type)
    (qualified_name name: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
    (primary_constructor_base_type type: (identifier) @reference.type)
  ])
([
  (parameter
    type: [
      (identifier) @reference.type
      (generic_name (identifier) @reference.type)
      (qualified_name name: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
    ])
  (variable_declaration
    type: [
      (identifier) @reference.type
      (generic_name (identifier) @reference.type)
      (qualified_name name: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
    ])
  (property_declaration
    type: [
      (identifier) @reference.type
      (generic_name (identifier) @reference.type)
      (qualified_name name: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
    ])
  (nullable_type type: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (array_type type: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (cast_expression type: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (catch_declaration type: (identifier) @reference.type)
  (typeof_expression type: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (declaration_pattern type: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (as_expression right: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  (is_pattern_expression pattern: (constant_pattern (identifier) @reference.type))
])
(method_declaration
  returns: [
    (identifier) @reference.type
    (generic_name (identifier) @reference.type)
    (qualified_name name: [(identifier) @reference.type (generic_name (identifier) @reference.type)])
  ])
(type_argument_list (identifier) @reference.type)
(attribute name: (identifier) @reference.type)

(using_directive name: (identifier) @import.alias (_) @reference.import @import.module .)
(using_directive !name . [(identifier) (qualified_name)] @reference.import @import.module)

; What is left of broken code.
(ERROR ["class" "record"] . (identifier) @name @definition.class)
(ERROR "struct" . (identifier) @name @definition.struct)
(ERROR "interface" . (identifier) @name @definition.interface)
