; Scala 2 and 3. What is more special stands first.

(package_clause name: (_) @name body: (_)? @body) @definition.namespace

(class_definition name: (_) @name body: (_)? @body) @definition.class
(object_definition name: (_) @name body: (_)? @body) @definition.class
(package_object name: (_) @name body: (_)? @body) @definition.class
(trait_definition name: (_) @name body: (_)? @body) @definition.interface
(enum_definition name: (_) @name body: (_)? @body) @definition.enum
(simple_enum_case name: (_) @name) @definition.enum_member
(full_enum_case name: (_) @name) @definition.enum_member
(type_definition name: (_) @name) @definition.type

((function_definition name: (identifier) @name body: (_)? @body) @definition.constructor
  (#eq? @name "this"))
(function_definition name: (_) @name body: (_)? @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(given_definition name: (identifier) @name body: (with_template_body) @body) @definition.class
(given_definition name: (identifier) @name body: (_)? @body) @definition.constant
(extension_definition
  parameters: (parameters (parameter type: [(type_identifier) @name (generic_type type: (type_identifier) @name)]))) @scope

(val_definition pattern: (identifier) @name) @definition.variable
(val_definition pattern: (identifiers (identifier) @name)) @definition.variable
(val_declaration name: (identifier) @name) @definition.variable
(var_definition pattern: (identifier) @name) @definition.variable
(var_declaration name: (identifier) @name) @definition.variable

(val_definition value: [(block) (indented_block) (lambda_expression)] @local)
(lambda_expression) @local

(import_declaration) @import.tree

(call_expression
  function: [
    (identifier) @reference.call
    (field_expression field: (identifier) @reference.call)
    (generic_function function: [(identifier) @reference.call (field_expression field: (identifier) @reference.call)])
  ])
(instance_expression [(type_identifier) @reference.call (generic_type type: (type_identifier) @reference.call)])
(type_identifier) @reference.type
