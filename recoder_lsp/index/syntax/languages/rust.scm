; Rust. impl is no symbol, but its type's name goes before the names inside.

(impl_item type: (_) @name body: (declaration_list)) @scope

(function_item name: (identifier) @name body: (block) @body) @definition.function
(function_signature_item name: (identifier) @name) @definition.function
(struct_item name: (type_identifier) @name body: (_)? @body) @definition.struct
(union_item name: (type_identifier) @name body: (_) @body) @definition.struct
(enum_item name: (type_identifier) @name body: (_) @body) @definition.enum
(enum_variant name: (identifier) @name) @definition.enum_member
(trait_item name: (type_identifier) @name body: (_) @body) @definition.interface
(mod_item name: (identifier) @name body: (declaration_list) @body) @definition.module
(macro_definition name: (identifier) @name . ["(" "{" "["] @body) @definition.macro
(type_item name: (type_identifier) @name) @definition.type
(associated_type name: (type_identifier) @name) @definition.type
(field_declaration name: (field_identifier) @name) @definition.field
(const_item name: (identifier) @name) @definition.constant
(static_item name: (identifier) @name) @definition.variable

; Uses.

(call_expression function: [
  (identifier) @reference.call
  (scoped_identifier name: (identifier) @reference.call)
  (field_expression field: (field_identifier) @reference.call)
  (generic_function function: [
    (identifier) @reference.call
    (scoped_identifier name: (identifier) @reference.call)
    (field_expression field: (field_identifier) @reference.call)
  ])
])
(macro_invocation macro: [(identifier) @reference.call (scoped_identifier name: (identifier) @reference.call)])

(struct_expression name: [(type_identifier) @reference.type (scoped_type_identifier name: (type_identifier) @reference.type)])
(impl_item trait: [
  (type_identifier) @reference.type
  (scoped_type_identifier name: (type_identifier) @reference.type)
  (generic_type type: (type_identifier) @reference.type)
])
(impl_item type: [(type_identifier) @reference.type (generic_type type: (type_identifier) @reference.type)])
(parameter type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(field_declaration type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(ordered_field_declaration_list type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(let_declaration type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(function_item return_type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(function_signature_item return_type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(generic_type type: [(type_identifier) @reference.type (scoped_type_identifier name: (type_identifier) @reference.type)])
(type_arguments [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(trait_bounds [(type_identifier) @reference.type (scoped_type_identifier name: (type_identifier) @reference.type)])
(scoped_identifier path: (identifier) @reference.type (#match? @reference.type "^[A-Z]"))
(attribute_item (attribute (identifier) @_derive arguments: (token_tree (identifier) @reference.type)) (#eq? @_derive "derive"))

(use_declaration argument: (_) @import.tree)
(extern_crate_declaration name: (identifier) @reference.import alias: (identifier)? @import.alias)
(mod_item name: (identifier) @reference.import . ";")
