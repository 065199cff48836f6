; What the grammar of JavaScript calls otherwise than that of TypeScript.

(class_declaration name: (identifier) @name body: (class_body) @body) @definition.class

(field_definition property: [(property_identifier) (private_property_identifier)] @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
(field_definition property: [(property_identifier) (private_property_identifier)] @name) @definition.field

(class_heritage [(identifier) @reference.type (member_expression property: (property_identifier) @reference.type)])
