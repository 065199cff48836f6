; What C++ adds to the patterns of C. Whether A in "A::b" is a class or a namespace is not known here: b is taken for a method.

(namespace_definition name: (_) @name body: (declaration_list) @body) @definition.namespace
(class_specifier name: [(type_identifier) (template_type name: (type_identifier)) (qualified_identifier)] @name
  body: (field_declaration_list) @body) @definition.class
(struct_specifier name: [(template_type name: (type_identifier)) (qualified_identifier)] @name
  body: (field_declaration_list) @body) @definition.struct
(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.type

; Methods inside their class. The body of a constructor begins with its initializers.
(function_definition declarator: (function_declarator declarator: (identifier) @name) (field_initializer_list) @body) @definition.function
(function_definition declarator: (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name) (identifier)] @name)
  body: (_)? @body) @definition.function
(function_definition declarator: (_ (function_declarator declarator: [(field_identifier) (operator_name) (identifier)] @name))
  body: (_)? @body) @definition.function
(function_definition declarator: (_ (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name)))
  body: (_)? @body) @definition.function
(function_definition declarator: (operator_cast) @name body: (_)? @body) @definition.function
(field_declaration declarator: (function_declarator declarator: [(field_identifier) (operator_name) (destructor_name)] @name)) @definition.function
(field_declaration declarator: (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))) @definition.function
(declaration declarator: (function_declarator declarator: [(destructor_name) (operator_name)] @name)) @definition.function
(declaration declarator: (reference_declarator (function_declarator declarator: [(identifier) (operator_name)] @name))) @definition.function
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @definition.field

; Methods outside: A::b, n::A::b.
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @qualified) (field_initializer_list) @body)
  @definition.method
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @qualified) body: (_)? @body) @definition.method
(function_definition declarator: (_ (function_declarator declarator: (qualified_identifier) @qualified)) body: (_)? @body) @definition.method
(function_definition declarator: (_ (_ (function_declarator declarator: (qualified_identifier) @qualified))) body: (_)? @body)
  @definition.method
(function_definition declarator: (qualified_identifier (operator_cast)) @qualified body: (_)? @body) @definition.method

; Variables of namespaces.
(namespace_definition body: (declaration_list (declaration declarator: (identifier) @name) @definition.variable))
(namespace_definition body: (declaration_list (declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable))

; Uses.

(call_expression function: [
  (qualified_identifier name: (identifier) @reference.call)
  (qualified_identifier name: (qualified_identifier name: (identifier) @reference.call))
  (qualified_identifier name: (template_function name: (identifier) @reference.call))
  (template_function name: (identifier) @reference.call)
  (field_expression field: (template_method name: (field_identifier) @reference.call))
])
(new_expression type: [(type_identifier) @reference.call (qualified_identifier name: (type_identifier) @reference.call)
  (template_type name: (type_identifier) @reference.call)])
(template_type name: (type_identifier) @reference.type)
(qualified_identifier name: (type_identifier) @reference.type)
(base_class_clause [(type_identifier) @reference.type (template_type name: (type_identifier) @reference.type)])
(compound_literal_expression type: (type_identifier) @reference.type)
(optional_parameter_declaration type: (type_identifier) @reference.type)

(using_declaration (qualified_identifier scope: (_) @import.module name: (identifier) @reference.import))
