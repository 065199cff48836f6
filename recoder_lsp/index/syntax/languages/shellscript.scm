; Bash and other shells.

(function_definition name: (word) @name body: (_) @body) @definition.function
; Not those in front of a command, which are for that command alone.
(program (variable_assignment name: (variable_name) @name) @definition.variable)
(declaration_command (variable_assignment name: (variable_name) @name) @definition.variable)
(compound_statement (variable_assignment name: (variable_name) @name) @definition.variable)
(if_statement (variable_assignment name: (variable_name) @name) @definition.variable)
(else_clause (variable_assignment name: (variable_name) @name) @definition.variable)
(case_item (variable_assignment name: (variable_name) @name) @definition.variable)

((command name: (command_name (word) @_source) . argument: (_) @reference.import @import.module)
  (#any-of? @_source "source" "."))
(command name: (command_name (word) @reference.call))

; What is left of a broken script.
(ERROR (word) @name @definition.function . "(" . ")")
(ERROR "function" . (word) @name @definition.function)
