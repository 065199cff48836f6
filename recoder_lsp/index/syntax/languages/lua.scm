; Lua. What is more special stands first.

(function_declaration
  name: [
    (identifier) @name
    (dot_index_expression table: (_) @qualifier field: (identifier) @name)
    (method_index_expression table: (_) @qualifier method: (identifier) @name)
  ]
  body: (_)? @body) @definition.function

(assignment_statement
  (variable_list . name: [(identifier) @name (dot_index_expression table: (_) @qualifier field: (identifier) @name)] .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @definition.function
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @definition.method

((assignment_statement
  (variable_list name: [(identifier) @name (dot_index_expression table: (_) @qualifier field: (identifier) @name)])) @definition.variable
  (#not-match? @definition.variable "^[^\\n]*=\\s*require\\b"))

(variable_declaration
  (assignment_statement
    (variable_list name: (identifier) @import.alias)
    (expression_list
      value: [
        (function_call name: (identifier) @_require arguments: (arguments . (string (string_content) @reference.import @import.module)))
        (dot_index_expression
          table: (function_call name: (identifier) @_require arguments: (arguments . (string (string_content) @reference.import @import.module))))
      ]))
  (#eq? @_require "require"))
((function_call name: (identifier) @_require arguments: (arguments . (string (string_content) @reference.import @import.module)))
  (#eq? @_require "require"))

(function_call
  name: [
    (identifier) @reference.call
    (dot_index_expression field: (identifier) @reference.call)
    (method_index_expression method: (identifier) @reference.call)
  ])

; What is left of broken code.
(ERROR "function" . [
  (identifier) @name @definition.function
  (dot_index_expression table: (_) @qualifier field: (identifier) @name) @definition.function
  (method_index_expression table: (_) @qualifier method: (identifier) @name) @definition.function
])
