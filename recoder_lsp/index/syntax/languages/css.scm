; CSS: rules by their selectors, at-rules, custom properties.

(rule_set (selectors) @name (block) @body) @definition.heading
(media_statement . (_) @name (block) @body) @definition.heading
(supports_statement . (_) @name (block) @body) @definition.heading
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.heading
(at_rule (at_keyword) @name (block) @body) @definition.heading
((declaration (property_name) @name) @definition.variable
  (#match? @name "^--"))

(import_statement [
  (string_value (string_content) @reference.import @import.module)
  (call_expression (arguments (string_value (string_content) @reference.import @import.module)))
  (call_expression (arguments (plain_value) @reference.import @import.module))
])

; What is left of a broken style sheet.
(ERROR (selectors) @name @definition.heading)
