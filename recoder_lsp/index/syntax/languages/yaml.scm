; YAML: keys of the outermost mapping, and of the mappings in it.

(document (block_node (block_mapping (block_mapping_pair key: (_) @name) @definition.heading)))
(document
  (block_node
    (block_mapping (block_mapping_pair value: (block_node (block_mapping (block_mapping_pair key: (_) @name) @definition.heading))))))
