; Haskell. What is more special stands first. A signature and the equations below it are one symbol (`joined` in languages.toml).

(header module: (module) @name) @definition.module

(data_type name: (_) @name) @definition.struct
(newtype name: (_) @name) @definition.struct
(type_synonym name: (_) @name) @definition.type
(type_family name: (_) @name) @definition.type
(data_family name: (_) @name) @definition.type
(class name: (_) @name "where"? @body) @definition.interface
(instance patterns: (type_patterns . (_) @name)) @scope
(data_constructor (prefix name: (constructor) @name) @definition.enum_member)
(data_constructor (record name: (constructor) @name) @definition.enum_member)
(gadt_constructor name: (constructor) @name) @definition.enum_member
(newtype_constructor name: (constructor) @name) @definition.enum_member
(field name: (field_name (variable) @name)) @definition.field

; Only at the outermost level and in classes and instances: what stands behind `where` belongs to its function.
; Of `a, b :: Int` the equations say enough: the signature stands above the first of them alone.
(declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @definition.function)
(declarations [
  (function name: [(variable) @name (prefix_id (operator) @name)] . (patterns)? . match: (match) @body)
  (function (infix operator: [(operator) @name (infix_id (variable) @name)]) . match: (match) @body)
  (bind name: [(variable) @name (prefix_id (operator) @name)] . match: (match) @body)
] @definition.function)
(class_declarations [
  (signature name: [(variable) @name (prefix_id (operator) @name)])
  (signature names: (binding_list name: [(variable) @name (prefix_id (operator) @name)]))
] @definition.function)
(class_declarations [
  (function name: [(variable) @name (prefix_id (operator) @name)] . (patterns)? . match: (match) @body)
  (function (infix operator: [(operator) @name (infix_id (variable) @name)]) . match: (match) @body)
  (bind name: [(variable) @name (prefix_id (operator) @name)] . match: (match) @body)
] @definition.function)
(instance_declarations [
  (signature name: [(variable) @name (prefix_id (operator) @name)])
  (signature names: (binding_list name: [(variable) @name (prefix_id (operator) @name)]))
] @definition.function)
(instance_declarations [
  (function name: [(variable) @name (prefix_id (operator) @name)] . (patterns)? . match: (match) @body)
  (function (infix operator: [(operator) @name (infix_id (variable) @name)]) . match: (match) @body)
  (bind name: [(variable) @name (prefix_id (operator) @name)] . match: (match) @body)
] @definition.function)
(foreign_import (signature name: (variable) @name)) @definition.function
(pattern_synonym (_ synonym: (_) @name)) @definition.function

(import module: (module) @reference.import @import.module alias: (module) @import.alias)
(import module: (module) @import.module names: (import_list name: (import_name [(variable) (name)] @reference.import)))
(import module: (module) @reference.import @import.module !alias !names)

(apply function: [
  (variable) @reference.call
  (constructor) @reference.call
  (qualified id: [(variable) (constructor)] @reference.call)
])
((infix
  left_operand: [(variable) @reference.call (constructor) @reference.call (qualified id: [(variable) (constructor)] @reference.call)]
  operator: [(operator) @_applies (qualified id: (operator) @_applies)])
  (#any-of? @_applies "$" "." "<$>" "<$!>" "$!" "<*>" "=<<" "<=<" "&&&" "***"))
((infix
  operator: (operator) @_applies
  right_operand: [(variable) @reference.call (qualified id: (variable) @reference.call)])
  (#any-of? @_applies "." ">>=" "&" "<&>" ">>" ">=>" "<=<" "=<<"))
(name) @reference.type

; What is left of broken code, whose declarations then stand in no node of their own.
(ERROR (signature name: [(variable) @name (prefix_id (operator) @name)]) @definition.function)
(ERROR [
  (function name: (variable) @name . (patterns)? . match: (match) @body)
  (bind name: (variable) @name . match: (match) @body)
] @definition.function)
