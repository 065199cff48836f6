; Ruby. What is more special stands first.

(module
  name: [(constant) @name (scope_resolution scope: (_)? @qualifier name: (constant) @name)]
  body: (_)? @body) @definition.module
(class
  name: [(constant) @name (scope_resolution scope: (_)? @qualifier name: (constant) @name)]
  body: (_)? @body) @definition.class

((method name: (identifier) @name body: (_)? @body) @definition.constructor
  (#eq? @name "initialize"))
(program (method name: (_) @name body: (_)? @body) @definition.function)
(method name: (_) @name body: (_)? @body) @definition.method
(singleton_method name: (_) @name body: (_)? @body) @definition.method
((call
  method: (identifier) @_definer
  arguments: (argument_list . (simple_symbol) @name)
  block: (_) @body) @definition.method
  (#any-of? @_definer "define_method" "define_singleton_method"))
((call
  method: (identifier) @_alias
  arguments: (argument_list . (simple_symbol) @name)) @definition.method
  (#eq? @_alias "alias_method"))
(alias name: (_) @name) @definition.method

((call
  method: (identifier) @_accessor
  arguments: (argument_list (simple_symbol) @name)) @definition.property
  (#any-of? @_accessor "attr_reader" "attr_writer" "attr_accessor" "attr"
    "mattr_reader" "mattr_writer" "mattr_accessor" "cattr_reader" "cattr_accessor" "class_attribute"))

((assignment
  left: [(constant) @name (scope_resolution scope: (_)? @qualifier name: (constant) @name)]
  right: (call
    receiver: (constant) @_maker
    method: (identifier) @_new
    block: (_)? @body)) @definition.class
  (#any-of? @_maker "Struct" "Class" "Data")
  (#any-of? @_new "new" "define"))
(assignment left: [(constant) @name (scope_resolution scope: (_)? @qualifier name: (constant) @name)]) @definition.constant
(operator_assignment left: (constant) @name) @definition.constant

((call
  method: (identifier) @_require
  arguments: (argument_list . (string (string_content) @reference.import @import.module)))
  (#any-of? @_require "require" "require_relative" "load"))
((call
  method: (identifier) @_autoload
  arguments: (argument_list . (simple_symbol) @reference.import (string (string_content) @import.module)))
  (#eq? @_autoload "autoload"))

((call
  receiver: [(constant) @reference.call (scope_resolution name: (constant) @reference.call)]
  method: (identifier) @_new)
  (#eq? @_new "new"))
((call method: [(identifier) (constant)] @reference.call)
  (#not-eq? @reference.call "new"))

((call
  receiver: [(constant) @reference.type (scope_resolution name: (constant) @reference.type)]
  method: (_) @_method)
  (#not-eq? @_method "new"))
(superclass [(constant) @reference.type (scope_resolution name: (constant) @reference.type)])
((call
  method: (identifier) @_mixin
  arguments: (argument_list [(constant) @reference.type (scope_resolution name: (constant) @reference.type)]))
  (#any-of? @_mixin "include" "extend" "prepend" "raise"))
(rescue exceptions: (exceptions [(constant) @reference.type (scope_resolution name: (constant) @reference.type)]))

; What is left of broken code.
(ERROR "module" . (constant) @name @definition.module)
(ERROR "class" . (constant) @name @definition.class)
(ERROR "def" . (identifier) @name @definition.function)
