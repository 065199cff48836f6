; Swift. What is more special stands first.

(class_declaration declaration_kind: "struct" name: (type_identifier) @name body: (_) @body) @definition.struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name body: (_) @body) @definition.enum
(class_declaration declaration_kind: ["class" "actor"] name: (type_identifier) @name body: (_) @body) @definition.class
(class_declaration declaration_kind: "extension" name: (_) @name) @scope
(protocol_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(enum_entry name: (simple_identifier) @name) @definition.enum_member
(typealias_declaration name: (type_identifier) @name) @definition.type
(associatedtype_declaration name: (type_identifier) @name) @definition.type

(function_declaration name: [(simple_identifier) (custom_operator)] @name body: (_)? @body) @definition.function
(protocol_function_declaration name: [(simple_identifier) (custom_operator)] @name body: (_)? @body) @definition.function
(init_declaration "init" @name body: (_)? @body) @definition.constructor
(deinit_declaration "deinit" @name body: (_)? @body) @definition.method
(subscript_declaration "subscript" @name (computed_property)? @body) @definition.method

(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_) @body) @definition.property
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.variable
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name) (protocol_property_requirements) @body) @definition.property

[(lambda_literal) (computed_property) (willset_didset_block)] @local

(import_declaration (identifier (simple_identifier) @reference.import .) @import.module)

(call_expression
  . [
    (simple_identifier) @reference.call
    (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.call))
    (prefix_expression target: (simple_identifier) @reference.call)
  ]
  (call_suffix))
(user_type (type_identifier) @reference.type)

; What is left of broken code.
(ERROR ["class" "struct" "enum" "actor"] . (type_identifier) @name @definition.class)
(ERROR "func" . (simple_identifier) @name @definition.function)
