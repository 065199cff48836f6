; PHP. What is more special stands first.

(namespace_definition name: (namespace_name) @name body: (_)? @body) @definition.namespace

(class_declaration name: (name) @name body: (_) @body) @definition.class
(trait_declaration name: (name) @name body: (_) @body) @definition.class
(interface_declaration name: (name) @name body: (_) @body) @definition.interface
(enum_declaration name: (name) @name body: (_) @body) @definition.enum
(enum_case name: (name) @name) @definition.enum_member

((method_declaration name: (name) @name body: (_)? @body) @definition.constructor
  (#eq? @name "__construct"))
(method_declaration name: (name) @name body: (_)? @body) @definition.method
(function_definition name: (name) @name body: (_) @body) @definition.function

(property_declaration (property_element name: (variable_name (name) @name))) @definition.property
(property_promotion_parameter name: (variable_name (name) @name)) @definition.property
(const_declaration (const_element . (name) @name)) @definition.constant
((function_call_expression
  function: (name) @_define
  arguments: (arguments . (argument (string (string_content) @name)))) @definition.constant
  (#eq? @_define "define"))

(namespace_use_declaration
  (namespace_use_clause
    . [(name) @reference.import (qualified_name (name) @reference.import)] @import.module
    alias: (name)? @import.alias))
(namespace_use_declaration
  (namespace_name) @import.module
  body: (namespace_use_group
    (namespace_use_clause . [(name) @reference.import (qualified_name (name) @reference.import)] alias: (name)? @import.alias)))
(_
  [
    (require_expression (string (string_content) @reference.import @import.module))
    (require_expression (binary_expression right: (string (string_content) @reference.import @import.module)))
    (require_once_expression (string (string_content) @reference.import @import.module))
    (require_once_expression (binary_expression right: (string (string_content) @reference.import @import.module)))
    (include_expression (string (string_content) @reference.import @import.module))
    (include_once_expression (string (string_content) @reference.import @import.module))
  ])

(function_call_expression function: [(name) @reference.call (qualified_name (name) @reference.call)])
(member_call_expression name: (name) @reference.call)
(nullsafe_member_call_expression name: (name) @reference.call)
(scoped_call_expression name: (name) @reference.call)
(object_creation_expression . [(name) @reference.call (qualified_name (name) @reference.call)])

(named_type [(name) @reference.type (qualified_name (name) @reference.type)])
(base_clause [(name) @reference.type (qualified_name (name) @reference.type)])
(class_interface_clause [(name) @reference.type (qualified_name (name) @reference.type)])
(use_declaration [(name) @reference.type (qualified_name (name) @reference.type)])
(attribute . [(name) @reference.type (qualified_name (name) @reference.type)])
(scoped_call_expression scope: [(name) @reference.type (qualified_name (name) @reference.type)])
(class_constant_access_expression . [(name) @reference.type (qualified_name (name) @reference.type)] (_))

; What is left of broken code.
(ERROR ["class" "trait"] . (name) @name @definition.class)
(ERROR "interface" . (name) @name @definition.interface)
(ERROR "function" . (name) @name @definition.function)
