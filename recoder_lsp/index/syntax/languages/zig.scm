; Zig. What is more special stands first.

(variable_declaration
  . (identifier) @import.alias
  (builtin_function
    (builtin_identifier) @_import
    (arguments . (string (string_content) @reference.import @import.module)))
  (#eq? @_import "@import"))

(variable_declaration . (identifier) @name (struct_declaration)) @definition.struct
(variable_declaration . (identifier) @name (opaque_declaration)) @definition.struct
(variable_declaration . (identifier) @name (union_declaration)) @definition.struct
(variable_declaration . (identifier) @name [(enum_declaration) (error_set_declaration)]) @definition.enum
(error_set_declaration (identifier) @name @definition.enum_member)
(enum_declaration (container_field name: (identifier) @name) @definition.enum_member)
(container_field name: (identifier) @name) @definition.field

(function_declaration name: (identifier) @name body: (_)? @body) @definition.function
(test_declaration [(string (string_content) @name) (identifier) @name] (block) @body) @definition.function

((variable_declaration "const" . (identifier) @name) @definition.constant
  (#not-match? @definition.constant "^[^\\n]*= *@(import|This)\\b"))
(variable_declaration "var" . (identifier) @name) @definition.variable

(call_expression function: [(identifier) @reference.call (field_expression member: (identifier) @reference.call)])
(struct_initializer . [(identifier) @reference.type (field_expression member: (identifier) @reference.type)])
(parameter type: (_ (identifier) @reference.type))
(parameter type: (identifier) @reference.type)

; What is left of broken code.
(ERROR "fn" . (identifier) @name @definition.function)
(ERROR "const" . (identifier) @name @definition.constant)
