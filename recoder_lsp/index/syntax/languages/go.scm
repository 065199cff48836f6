; Go. A method's receiver gives its qualified name: func (t *Tree[K]) Insert is "Tree.Insert".

(function_declaration name: (identifier) @name body: (block)? @body) @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @qualifier))
  name: (field_identifier) @name body: (block)? @body) @definition.method

(type_declaration (type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.struct)
(type_declaration (type_spec name: (type_identifier) @name type: (interface_type "{" @body)) @definition.interface)
(type_declaration (type_spec name: (type_identifier) @name) @definition.type)
(type_declaration (type_alias name: (type_identifier) @name) @definition.type)

(field_declaration name: (field_identifier) @name) @definition.field
(interface_type (method_elem name: (field_identifier) @name) @definition.method)

(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))

; Uses.

(call_expression function: [
  (identifier) @reference.call
  (selector_expression field: (field_identifier) @reference.call)
  (parenthesized_expression (identifier) @reference.call)
])
(call_expression function: (type_instantiation_expression type: (type_identifier) @reference.call))

(composite_literal type: [(type_identifier) @reference.type (qualified_type name: (type_identifier) @reference.type)])
(composite_literal type: (generic_type type: (type_identifier) @reference.type))
(parameter_declaration type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(variadic_parameter_declaration type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(field_declaration type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(method_declaration result: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(function_declaration result: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(method_elem result: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(var_spec type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(qualified_type name: (type_identifier) @reference.type)
(slice_type element: (type_identifier) @reference.type)
(map_type value: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(type_conversion_expression type: (type_identifier) @reference.type)
(type_assertion_expression type: [(type_identifier) @reference.type (_ (type_identifier) @reference.type)])
(type_elem (type_identifier) @reference.type)

(import_spec name: [(package_identifier) (dot) (blank_identifier)]? @import.alias path: (_) @reference.import)
