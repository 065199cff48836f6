; JSON: keys of the outermost object, and of the objects in it.

(document (object (pair key: (string (string_content) @name)) @definition.heading))
(document (object (pair value: (object (pair key: (string (string_content) @name)) @definition.heading))))

; What is left of a broken file.
(ERROR (pair key: (string (string_content) @name)) @definition.heading)
