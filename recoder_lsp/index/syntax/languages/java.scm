; Java.

(class_declaration name: (identifier) @name body: (class_body) @body) @definition.class
(record_declaration name: (identifier) @name body: (class_body) @body) @definition.class
(interface_declaration name: (identifier) @name body: (interface_body) @body) @definition.interface
(annotation_type_declaration name: (identifier) @name body: (annotation_type_body) @body) @definition.interface
(enum_declaration name: (identifier) @name body: (enum_body) @body) @definition.enum
(enum_constant name: (identifier) @name) @definition.enum_member

(method_declaration name: (identifier) @name body: (block)? @body) @definition.method
(annotation_type_element_declaration name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name body: (constructor_body) @body) @definition.constructor
(compact_constructor_declaration name: (identifier) @name body: (block) @body) @definition.constructor

(record_declaration parameters: (formal_parameters (formal_parameter name: (identifier) @name) @definition.field))
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @definition.field
(constant_declaration declarator: (variable_declarator name: (identifier) @name)) @definition.constant

; Uses.

(method_invocation name: (identifier) @reference.call)
(object_creation_expression type: [
  (type_identifier) @reference.call
  (generic_type (type_identifier) @reference.call)
  (scoped_type_identifier (type_identifier) @reference.call .)
])
(method_reference (identifier) @reference.call .)
[(marker_annotation name: (identifier) @reference.type) (annotation name: (identifier) @reference.type)]

(superclass [(type_identifier) @reference.type (generic_type (type_identifier) @reference.type)])
(super_interfaces (type_list [(type_identifier) @reference.type (generic_type (type_identifier) @reference.type)]))
(extends_interfaces (type_list [(type_identifier) @reference.type (generic_type (type_identifier) @reference.type)]))
(_ type: [(type_identifier) @reference.type (generic_type . (type_identifier) @reference.type) (array_type element: (type_identifier) @reference.type)])
(type_arguments [(type_identifier) @reference.type (generic_type . (type_identifier) @reference.type)])
(catch_type (type_identifier) @reference.type)
(throws (type_identifier) @reference.type)
(type_bound (type_identifier) @reference.type)
(instanceof_expression right: (type_identifier) @reference.type)
(method_invocation object: (identifier) @reference.type (#match? @reference.type "^[A-Z][A-Za-z0-9]*[a-z]"))

(import_declaration (scoped_identifier scope: (_) @import.module name: (identifier) @reference.import) .)
(import_declaration (_) @import.module (asterisk) @reference.import)
