; Kotlin. What is more special stands first.

(class_declaration "interface" name: (identifier) @name (class_body)? @body) @definition.interface
(class_declaration name: (identifier) @name (enum_class_body) @body) @definition.enum
(class_declaration name: (identifier) @name (class_body)? @body) @definition.class
(object_declaration name: (identifier) @name (class_body)? @body) @definition.class
(companion_object name: (identifier) @name (class_body)? @body) @definition.class
(enum_entry . (identifier) @name (class_body)? @body) @definition.enum_member
(type_alias type: (identifier) @name) @definition.type

(function_declaration name: (identifier) @name (function_body)? @body) @definition.function
(secondary_constructor "constructor" @name (block)? @body) @definition.constructor
(class_parameter ["val" "var"] (identifier) @name) @definition.property
(property_declaration
  (modifiers (property_modifier "const"))
  (variable_declaration . (identifier) @name)) @definition.constant
(property_declaration (variable_declaration . (identifier) @name) [(getter) (setter)] @body) @definition.property
(property_declaration (variable_declaration . (identifier) @name)) @definition.variable

[(lambda_literal) (anonymous_initializer) (getter) (setter)] @local

(import (qualified_identifier (identifier) @reference.import .) @import.module (identifier)? @import.alias)

(call_expression . [(identifier) @reference.call (navigation_expression (identifier) @reference.call .)])
(user_type (identifier) @reference.type .)
(user_type (identifier) @reference.type . (type_arguments))

; What is left of broken code.
(ERROR ["class" "object"] . (identifier) @name @definition.class)
(ERROR "interface" . (identifier) @name @definition.interface)
(ERROR "fun" . (identifier) @name @definition.function)
