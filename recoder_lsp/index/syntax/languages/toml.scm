; TOML: tables and the keys in them.

(table . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.heading
(table_array_element . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.heading
(document (pair . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.heading)
(table (pair . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.heading)
