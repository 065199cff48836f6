"""How languages evaluate: which nodes of their grammars are values, do something, or are evaluated only perhaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Evaluation:
    """What the node types of a language mean for the order of things. Types are those of the grammar."""

    values: frozenset[str]
    """Expressions that a variable can hold. Names are not among them: they are variables already."""
    literals: frozenset[str]
    """Those that are the same at all times and everywhere."""
    blocks: frozenset[str]
    """Whose children are statements."""
    acts: frozenset[str]
    """What may do something, and so has to stay in order."""
    looks: frozenset[str]
    """What reads something that others may change."""
    perhaps: Mapping[str, tuple[str | int, ...]]
    """Which children of a node are not evaluated exactly once with it: their fields or positions; () for all."""
    never_values: frozenset[str] = frozenset()
    """Inside of these there are no values, whatever the types say: types, patterns, imports."""
    harmless_calls: frozenset[str] = frozenset()
    """Functions that change nothing and answer the same as long as nothing changes."""
    right_first: frozenset[str] = frozenset()
    """Assignments that evaluate what is assigned before what it is assigned to."""
    looks_in_order: bool = True
    """False where the language leaves open whether something is read before or after a call beside it."""


def types(names: str) -> frozenset[str]:
    """Return the names of node types, written one after the other, as a set."""
    return frozenset(names.split())


COMPREHENSIONS = ("list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression")
# Which of many children are not the first.
_LATER = tuple(range(1, 100))

_PYTHON = Evaluation(
    values=types(
        """binary_operator boolean_operator comparison_operator not_operator unary_operator call attribute subscript string
        concatenated_string integer float list dictionary set tuple list_comprehension dictionary_comprehension set_comprehension
        generator_expression conditional_expression lambda await"""
    ),
    literals=types("""string concatenated_string integer float true false none string_start string_content string_end"""),
    blocks=types("module block"),
    acts=types("call await yield named_expression delete_statement augmented_assignment"),
    # Operators, too, ask their operands, which may have changed meanwhile.
    looks=types(
        """attribute subscript binary_operator boolean_operator comparison_operator not_operator unary_operator interpolation list_splat
        dictionary_splat for_in_clause"""
    ),
    perhaps=MappingProxyType(
        {
            "boolean_operator": ("right",),
            "comparison_operator": _LATER[1:],
            "conditional_expression": (0, 2),
            "lambda": ("body",),
            **dict.fromkeys(COMPREHENSIONS, ()),
            "elif_clause": ("condition",),
            "while_statement": ("condition",),
            "assert_statement": (0, 1),
            "case_clause": ("guard",),
            "if_clause": (),
            "except_clause": ("value",),
            "with_clause": _LATER,
        }
    ),
    never_values=types("type case_pattern import_statement import_from_statement decorator"),
    right_first=types("assignment"),
    harmless_calls=types("""len str repr int float bool abs isinstance issubclass type id ord chr range tuple list dict set"""),
)
_JAVASCRIPT = Evaluation(
    values=types(
        """binary_expression unary_expression call_expression new_expression member_expression subscript_expression string number
        template_string array object arrow_function function_expression ternary_expression await_expression regex as_expression
        non_null_expression satisfies_expression jsx_element jsx_self_closing_element"""
    ),
    literals=types("string number true false null template_string string_fragment escape_sequence"),
    blocks=types("program statement_block switch_case switch_default"),
    acts=types(
        """call_expression new_expression await_expression yield_expression assignment_expression augmented_assignment_expression
        update_expression jsx_element jsx_self_closing_element"""
    ),
    looks=types("member_expression subscript_expression spread_element template_substitution"),
    perhaps=MappingProxyType(
        {
            "binary_expression": ("right",),
            "call_expression": ("arguments",),
            "subscript_expression": ("index",),
            "ternary_expression": ("consequence", "alternative"),
            "arrow_function": (),
            "function_expression": (),
            "function_declaration": ("parameters",),
            "generator_function": (),
            "generator_function_declaration": ("parameters",),
            "method_definition": (),
            "public_field_definition": (),
            "field_definition": (),
            "if_statement": ("consequence", "alternative"),
            "else_clause": (),
            "while_statement": ("condition", "body"),
            "do_statement": ("condition", "body"),
            "for_statement": ("condition", "increment", "body"),
            "for_in_statement": ("body",),
            "switch_case": ("value",),
            "augmented_assignment_expression": ("right",),
            "assignment_pattern": ("right",),
            "object_assignment_pattern": ("right",),
        }
    ),
    never_values=types(
        """import_statement type_annotation type_arguments literal_type enum_body decorator jsx_attribute type_alias_declaration
        interface_declaration"""
    ),
)
_GO = Evaluation(
    values=types(
        """binary_expression unary_expression call_expression selector_expression index_expression slice_expression composite_literal
        int_literal float_literal rune_literal interpreted_string_literal raw_string_literal type_conversion_expression
        type_assertion_expression func_literal"""
    ),
    literals=types(
        """int_literal float_literal rune_literal interpreted_string_literal raw_string_literal true false
        interpreted_string_literal_content raw_string_literal_content escape_sequence"""
    ),
    blocks=types("statement_list"),
    acts=types("call_expression type_assertion_expression"),
    looks=types("selector_expression index_expression slice_expression"),
    perhaps=MappingProxyType(
        {
            "binary_expression": ("right",),
            "func_literal": (),
            "if_statement": ("alternative",),
            "for_clause": ("condition", "update"),
            "for_statement": ("condition",),
            "expression_case": ("value",),
            "communication_case": ("communication",),
        }
    ),
    never_values=types("parameter_list const_declaration type_declaration import_declaration"),
    harmless_calls=types("len cap string int int64 float64 byte rune"),
    looks_in_order=False,
)
_RUST = Evaluation(
    values=types(
        """binary_expression unary_expression call_expression field_expression index_expression integer_literal float_literal
        string_literal char_literal tuple_expression array_expression struct_expression reference_expression type_cast_expression
        try_expression await_expression closure_expression range_expression"""
    ),
    literals=types("""integer_literal float_literal string_literal char_literal boolean_literal string_content escape_sequence"""),
    blocks=types("block"),
    acts=types("""call_expression macro_invocation try_expression await_expression assignment_expression compound_assignment_expr"""),
    looks=types("field_expression index_expression"),
    perhaps=MappingProxyType(
        {
            "binary_expression": ("right",),
            "closure_expression": (),
            "while_expression": ("condition",),
            "match_arm": (),
            "match_pattern": (),
            "else_clause": (),
            "let_chain": (),
        }
    ),
    right_first=types("assignment_expression compound_assignment_expr"),
    never_values=types("type_arguments attribute_item const_item static_item macro_invocation match_pattern"),
)

EVALUATIONS: Mapping[str, Evaluation] = MappingProxyType(
    {
        "python": _PYTHON,
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _JAVASCRIPT),
        "go": _GO,
        "rust": _RUST,
    }
)
