; Elixir, where everything is a call.

((call
  target: (identifier) @_define
  (arguments . (alias) @name)
  (do_block) @body) @definition.module
  (#eq? @_define "defmodule"))
((call
  target: (identifier) @_define
  (arguments . (alias) @name)
  (do_block) @body) @definition.interface
  (#eq? @_define "defprotocol"))
((call
  target: (identifier) @_define
  (arguments
    .
    (alias)
    (keywords (pair key: (keyword) @_for value: (alias) @name)))) @scope
  (#eq? @_define "defimpl")
  (#match? @_for "^for:"))
((call
  target: (identifier) @_define
  (arguments . (alias) @name)
  (do_block
    (unary_operator operand: (call target: (identifier) @_doc (arguments . (string) @doc))))) @definition.module
  (#any-of? @_define "defmodule" "defprotocol")
  (#eq? @_doc "moduledoc"))

((call
  target: (identifier) @_define
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
    ]
    "," ? @body)
  (do_block)? @body) @definition.macro
  (#match? @_define "^def(macro|guard)p?$"))
((call
  target: (identifier) @_define
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
    ]
    "," ? @body)
  (do_block)? @body) @definition.function
  (#match? @_define "^def(p|n|np|delegate)?$"))

; What @doc says, with nothing, one or two attributes (@spec, @impl) between it and the definition.
((unary_operator operand: (call target: (identifier) @_doc (arguments . (string) @doc)))
  .
  (call
    target: (identifier) @_define
    (arguments
      . [
        (identifier) @name
        (call target: (identifier) @name)
        (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
      ])) @definition.function
  (#any-of? @_doc "doc")
  (#match? @_define "^def"))
((unary_operator operand: (call target: (identifier) @_doc (arguments . (string) @doc)))
  .
  (unary_operator)
  .
  (call
    target: (identifier) @_define
    (arguments
      . [
        (identifier) @name
        (call target: (identifier) @name)
        (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
      ])) @definition.function
  (#any-of? @_doc "doc")
  (#match? @_define "^def"))
((unary_operator operand: (call target: (identifier) @_doc (arguments . (string) @doc)))
  .
  (unary_operator)
  .
  (unary_operator)
  .
  (call
    target: (identifier) @_define
    (arguments
      . [
        (identifier) @name
        (call target: (identifier) @name)
        (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
      ])) @definition.function
  (#any-of? @_doc "doc")
  (#match? @_define "^def"))

; The fields of a struct are fields of its module.
((call
  target: (identifier) @_define
  (arguments [
    (list (atom) @name @definition.field)
    (list (keywords (pair key: (keyword) @name) @definition.field))
    (keywords (pair key: (keyword) @name) @definition.field)
  ]))
  (#any-of? @_define "defstruct" "defexception"))

((unary_operator
  operand: (call
    target: (identifier) @_attribute
    (arguments . (binary_operator left: [(identifier) @name (call target: (identifier) @name)])))) @definition.type
  (#any-of? @_attribute "type" "typep" "opaque"))
((unary_operator
  operand: (call
    target: (identifier) @_attribute
    (arguments . (binary_operator left: (call target: (identifier) @name))))) @definition.function
  (#any-of? @_attribute "callback" "macrocallback"))
((unary_operator operand: (call target: (identifier) @name (arguments))) @definition.constant
  (#not-match? @name "^((type|module|short)?doc|spec|typep?|opaque|(macro|optional_)?callbacks?|impl|behaviour|deprecated|since|dialyzer|compile|derive|enforce_keys|(module|describe)?tag|(before|after)_compile|on_(load|definition)|external_resource)$"))

((call
  target: (identifier) @_import
  (arguments . (alias) @reference.import @import.module
    (keywords (pair key: (keyword) @_as value: (alias) @import.alias))?))
  (#any-of? @_import "alias" "import" "require" "use"))
((call
  target: (identifier) @_import
  (arguments . (dot left: (alias) @import.module right: (tuple (alias) @reference.import))))
  (#any-of? @_import "alias" "import" "require" "use"))

((call target: (identifier) @reference.call)
  (#not-match? @reference.call "^def"))
(call target: (dot left: (alias) @reference.type right: (identifier) @reference.call))
(call target: (dot left: [(identifier) (call) (unary_operator)] right: (identifier) @reference.call))
(struct (alias) @reference.type)

; What is left of broken code.
((call target: (identifier) @_define (arguments . (alias) @name)) @definition.module
  (#eq? @_define "defmodule"))
(ERROR (identifier) @_define . (arguments . (alias) @name @definition.module)
  (#eq? @_define "defmodule"))
(ERROR
  (identifier) @_define
  .
  (arguments . [
    (call target: (identifier) @name) @definition.function
    (binary_operator left: (call target: (identifier) @name) operator: "when") @definition.function
  ])
  (#match? @_define "^def(p|macro|macrop|guard|delegate)?$"))
