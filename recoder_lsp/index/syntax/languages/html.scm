; HTML: headings and what has an id.

((element
  (start_tag (tag_name) @_tag)
  . [(text) @name (element (text) @name) (element (element (text) @name))]) @definition.heading
  (#match? @_tag "^[hH][1-6]$"))
((element
  [(start_tag
    (attribute (attribute_name) @_id [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))
  (self_closing_tag
    (attribute (attribute_name) @_id [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))]) @definition.heading
  (#match? @_id "^[iI][dD]$"))

((script_element
  (start_tag
    (attribute (attribute_name) @_src (quoted_attribute_value (attribute_value) @reference.import @import.module))))
  (#eq? @_src "src"))
((start_tag
  (tag_name) @_link
  (attribute (attribute_name) @_href (quoted_attribute_value (attribute_value) @reference.import @import.module)))
  (#eq? @_link "link")
  (#eq? @_href "href"))

; What is left of a broken page.
((ERROR
  (start_tag
    (attribute (attribute_name) @_id [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)])) @definition.heading)
  (#match? @_id "^[iI][dD]$"))
