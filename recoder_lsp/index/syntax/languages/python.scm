; Functions and classes, anywhere. Nothing is said of decorators: languages.toml makes them wrappers.

(decorated_definition
  (decorator [(identifier) @_decorator (attribute attribute: (identifier) @_decorator) (call function: (identifier) @_decorator)])
  definition: (function_definition name: (identifier) @name body: (block) @body) @definition.property
  (#match? @_decorator "^(property|cached_property|abstractproperty|setter|getter|deleter)$"))

(function_definition name: (identifier) @name body: (block) @body) @definition.function

(function_definition name: (identifier) @name
  body: (block . (comment)* . (expression_statement . (string) @doc .))) @definition.function

(class_definition name: (identifier) @name
  superclasses: (argument_list [(identifier) @_base (attribute attribute: (identifier) @_base)])
  body: (block) @body
  (#match? @_base "^(Enum|IntEnum|StrEnum|Flag|IntFlag|TextChoices|IntegerChoices)$")) @definition.enum

(class_definition name: (identifier) @name
  superclasses: (argument_list [(identifier) @_base (attribute attribute: (identifier) @_base)
    (subscript value: (identifier) @_base)])
  body: (block) @body
  (#eq? @_base "Protocol")) @definition.interface

(class_definition name: (identifier) @name body: (block) @body) @definition.class

(class_definition name: (identifier) @name
  body: (block . (comment)* . (expression_statement . (string) @doc .))) @definition.class

(type_alias_statement left: (type [(identifier) @name (generic_type (identifier) @name)])) @definition.type

; Variables of modules and classes; also those that a module sets under a condition.

(module (expression_statement (assignment left: (identifier) @name) @definition.variable))
(module (expression_statement (assignment left: (pattern_list (identifier) @name)) @definition.variable))
(module (expression_statement (assignment right: (assignment left: (identifier) @name)) @definition.variable))
(module (if_statement [
  (block (expression_statement (assignment left: (identifier) @name) @definition.variable))
  (_ (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
]))
(module (try_statement [
  (block (expression_statement (assignment left: (identifier) @name) @definition.variable))
  (_ (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
]))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
(class_definition body: (block (expression_statement (assignment left: (pattern_list (identifier) @name)) @definition.variable)))

; A string below an assignment says what it is for.
(module
  (expression_statement (assignment left: (identifier) @name) @definition.variable)
  . (expression_statement . (string) @doc .))
(class_definition body: (block
  (expression_statement (assignment left: (identifier) @name) @definition.variable)
  . (expression_statement . (string) @doc .)))

; Uses.

(call function: [(identifier) @reference.call (attribute attribute: (identifier) @reference.call)])
(decorator [(identifier) @reference.call (attribute attribute: (identifier) @reference.call)])

(class_definition superclasses: (argument_list [
  (identifier) @reference.type
  (attribute attribute: (identifier) @reference.type)
  (subscript value: [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)])
  (subscript subscript: (identifier) @reference.type)
  (keyword_argument name: (identifier) @_metaclass value: (identifier) @reference.type)
]))

(type [
  (identifier) @reference.type
  (attribute attribute: (identifier) @reference.type)
  (generic_type (identifier) @reference.type)
  (subscript value: [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)])
  (subscript subscript: [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)])
  (binary_operator [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)])
  (binary_operator (binary_operator [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)]))
])
(except_clause value: [(identifier) @reference.type (attribute attribute: (identifier) @reference.type)])
(except_clause value: (tuple (identifier) @reference.type))

; Imports.

(import_statement name: (dotted_name (identifier) @reference.import .) @import.module)
(import_statement name: (aliased_import
  name: (dotted_name (identifier) @reference.import .) @import.module
  alias: (identifier) @import.alias))
(import_from_statement module_name: (_) @import.module name: (dotted_name) @reference.import)
(import_from_statement module_name: (_) @import.module
  name: (aliased_import name: (dotted_name) @reference.import alias: (identifier) @import.alias))
(import_from_statement module_name: (_) @import.module (wildcard_import) @reference.import)
(future_import_statement name: (dotted_name) @reference.import)
