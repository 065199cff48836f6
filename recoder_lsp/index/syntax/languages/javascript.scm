; Functions and classes, anywhere; variables only where they are no local ones. TypeScript uses these patterns too:
; here is only what both grammars have.

(function_declaration name: (identifier) @name body: (statement_block) @body) @definition.function
(generator_function_declaration name: (identifier) @name body: (statement_block) @body) @definition.function

(method_definition name: [(property_identifier) (private_property_identifier)] @name
  body: (statement_block) @body) @definition.method
(method_definition ["get" "set"] name: [(property_identifier) (private_property_identifier)] @name
  body: (statement_block) @body) @definition.property

; A function or a class with the name of its variable.
(variable_declarator name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
(variable_declarator name: (identifier) @name value: (class body: (class_body) @body)) @definition.class

; const memo = useCallback((a) => ..., [])
(program (lexical_declaration (variable_declarator name: (identifier) @name
  value: (call_expression arguments: (arguments . [(arrow_function) (function_expression)]) @body))
  @definition.function))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name
  value: (call_expression arguments: (arguments . [(arrow_function) (function_expression)]) @body))
  @definition.function)))

; exports.a = function () {}, module.exports.a = () => {}, Thing.prototype.a = function () {}, Thing.a = function () {}
(program (expression_statement (assignment_expression
  left: (member_expression object: (member_expression object: (identifier) @qualifier property: (property_identifier) @_prototype)
    property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body) (generator_function body: (_) @body)]) @definition.method)
  (#eq? @_prototype "prototype"))
(program (expression_statement (assignment_expression
  left: (member_expression object: (identifier) @_exports property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body) (generator_function body: (_) @body)])
  @definition.function)
  (#eq? @_exports "exports"))
(program (expression_statement (assignment_expression
  left: (member_expression object: (identifier) @qualifier property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body) (generator_function body: (_) @body)])
  @definition.function)
  (#not-match? @qualifier "^(exports|module|window|globalThis|global|self)$"))
(program (expression_statement (assignment_expression
  left: (member_expression
    object: [(member_expression object: (identifier) @_module property: (property_identifier)) (identifier) @_module]
    property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body) (generator_function body: (_) @body)])
  @definition.function)
  (#any-of? @_module "module" "window" "globalThis" "global" "self"))
(program (expression_statement (assignment_expression
  left: (member_expression object: (identifier) @_exports property: (property_identifier) @name)
  right: [(class) (object) (array) (string) (number) (call_expression) (template_string) (regex) (true) (false)]) @definition.constant)
  (#eq? @_exports "exports"))

; The functions of an object at the top of a module: const api = { load() {}, save: () => {} }
(program (lexical_declaration (variable_declarator name: (identifier)
  value: (object (pair key: (property_identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method))))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier)
  value: (object (pair key: (property_identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method)))))
(program (export_statement value: (object (pair key: (property_identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method)))
(program (expression_statement (assignment_expression left: (member_expression)
  right: (object (pair key: (property_identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method))))

; Variables of the module.
(program (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name) @definition.constant))
(program (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name) @definition.variable))
(program (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable))
(program (export_statement (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name) @definition.constant)))
(program (export_statement (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name) @definition.variable)))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(program (lexical_declaration (variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @name)
  value: [(identifier) (member_expression)]) @definition.constant))

; Uses.

(call_expression function: [
  (identifier) @reference.call
  (member_expression property: [(property_identifier) (private_property_identifier)] @reference.call)
])
(new_expression constructor: [(identifier) @reference.call (member_expression property: (property_identifier) @reference.call)])
(decorator [(identifier) @reference.call (member_expression property: (property_identifier) @reference.call)])

; Imports and what is exported again.

(import_statement
  (import_clause (identifier) @reference.import)
  source: (string) @import.module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @reference.import alias: (identifier)? @import.alias)))
  source: (string) @import.module)
(import_statement
  (import_clause (namespace_import (identifier) @import.alias) @reference.import)
  source: (string) @import.module)
(import_statement . (string) @reference.import)

(export_statement
  (export_clause (export_specifier name: (_) @reference.import alias: (_)? @import.alias))
  source: (string) @import.module)
(export_statement "*" @reference.import source: (string) @import.module)

(variable_declarator name: (identifier) @reference.import
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @import.module .))
  (#eq? @_require "require"))
(variable_declarator name: (object_pattern [
    (shorthand_property_identifier_pattern) @reference.import
    (pair_pattern key: (property_identifier) @reference.import value: (identifier) @import.alias)
  ])
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @import.module .))
  (#eq? @_require "require"))
(variable_declarator name: (identifier) @import.alias
  value: (member_expression
    object: (call_expression function: (identifier) @_require arguments: (arguments . (string) @import.module .))
    property: (property_identifier) @reference.import)
  (#eq? @_require "require"))
(expression_statement (call_expression function: (identifier) @_require arguments: (arguments . (string) @reference.import .))
  (#eq? @_require "require"))
(call_expression function: (import) arguments: (arguments . (string) @reference.import .))
