; Elements that are components, not tags of HTML: their names begin with a capital.

(jsx_opening_element name: [(identifier) @reference.call (member_expression property: (property_identifier) @reference.call)]
  (#match? @reference.call "^[A-Z]"))
(jsx_self_closing_element name: [(identifier) @reference.call (member_expression property: (property_identifier) @reference.call)]
  (#match? @reference.call "^[A-Z]"))
