; C; C++ uses these patterns too. A declarator may be wrapped in pointers and brackets: each depth is a pattern of its own.

(function_definition declarator: (function_declarator declarator: (identifier) @name) body: (compound_statement) @body) @definition.function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
  body: (compound_statement) @body) @definition.function
(function_definition declarator: (pointer_declarator declarator: (pointer_declarator
  declarator: (function_declarator declarator: (identifier) @name))) body: (compound_statement) @body) @definition.function

; Prototypes.
(declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @definition.function
(declaration declarator: (pointer_declarator declarator: (pointer_declarator
  declarator: (function_declarator declarator: (identifier) @name)))) @definition.function

; typedef struct { ... } point_t; names the struct.
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition type: [
    (struct_specifier name: (type_identifier) body: (_) @body)
    (union_specifier name: (type_identifier) body: (_) @body)
    (enum_specifier name: (type_identifier) body: (_) @body)
  ]
  declarator: (type_identifier) @name) @definition.type
(type_definition declarator: (type_identifier) @name) @definition.type
(type_definition declarator: (pointer_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (array_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))) @definition.type

; typedef struct ring { ... } ring_t; names both: the struct has the members, therefore it comes behind.
(type_definition type: (struct_specifier name: (type_identifier) @name body: (_) @body)) @definition.struct
(type_definition type: (union_specifier name: (type_identifier) @name body: (_) @body)) @definition.struct
(type_definition type: (enum_specifier name: (type_identifier) @name body: (_) @body)) @definition.enum

(struct_specifier name: (type_identifier) @name body: (field_declaration_list) @body) @definition.struct
(union_specifier name: (type_identifier) @name body: (field_declaration_list) @body) @definition.struct
(enum_specifier name: (type_identifier) @name body: (enumerator_list) @body) @definition.enum
(enumerator name: (identifier) @name) @definition.enum_member

(field_declaration declarator: (field_identifier) @name) @definition.field
(field_declaration declarator: (pointer_declarator declarator: (field_identifier) @name)) @definition.field
(field_declaration declarator: (pointer_declarator declarator: (pointer_declarator declarator: (field_identifier) @name))) @definition.field
(field_declaration declarator: (array_declarator declarator: (field_identifier) @name)) @definition.field
(field_declaration declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))) @definition.field

(preproc_function_def name: (identifier) @name value: (preproc_arg) @body) @definition.macro
(preproc_def name: (identifier) @name value: (preproc_arg)) @definition.constant

; Variables of the file, and of what #ifdef and extern "C" stand around.
(translation_unit (declaration declarator: (identifier) @name) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @name))) @definition.variable)
(translation_unit (declaration declarator: (pointer_declarator declarator: (identifier) @name)) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (array_declarator declarator: (identifier) @name))) @definition.variable)
(translation_unit (declaration declarator: (array_declarator declarator: (identifier) @name)) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (array_declarator
  declarator: (array_declarator declarator: (identifier) @name)))) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (pointer_declarator
  declarator: (array_declarator declarator: (identifier) @name)))) @definition.variable)
(preproc_ifdef (declaration declarator: [(identifier) @name (init_declarator declarator: (identifier) @name)]) @definition.variable)

; Uses.

(call_expression function: [(identifier) @reference.call (field_expression field: (field_identifier) @reference.call)])
(call_expression function: (parenthesized_expression (pointer_expression (identifier) @reference.call)))

(declaration type: (type_identifier) @reference.type)
(parameter_declaration type: (type_identifier) @reference.type)
(field_declaration type: (type_identifier) @reference.type)
(function_definition type: (type_identifier) @reference.type)
(type_descriptor type: (type_identifier) @reference.type)
(type_definition type: (type_identifier) @reference.type)
(_ type: (struct_specifier name: (type_identifier) @reference.type !body))
(_ type: (union_specifier name: (type_identifier) @reference.type !body))
(_ type: (enum_specifier name: (type_identifier) @reference.type !body))

(preproc_include path: [(string_literal) (system_lib_string)] @reference.import)
