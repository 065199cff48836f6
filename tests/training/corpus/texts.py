"""Source files as people write them, one of each language."""

PARSER = '''# Copyright 2024 Somebody. Licensed under the MIT licence.
# All rights reserved.

"""Reads numbers."""


def parse_number(text: str, default: int = 0) -> int:
    """Return the number a text starts with, or the default."""
    digits = ""
    for character in text:
        if not character.isdigit():
            break
        digits += character
    return int(digits) if digits else default


def parse_numbers(lines: list[str]) -> list[int]:
    """Return the numbers of all lines that start with one."""
    return [parse_number(line) for line in lines if line and line[0].isdigit()]
'''
GO = """package numbers

import "strconv"

// Sum adds the numbers that a list of words starts with.
func Sum(words []string) (int, error) {
	total := 0
	for _, word := range words {
		number, err := strconv.Atoi(word)
		if err != nil {
			return 0, err
		}
		total += number
	}
	return total, nil
}

func Mean(words []string) (float64, error) {
	total, err := Sum(words)
	return float64(total) / float64(len(words)), err
}
"""
RUST = """use std::collections::HashMap;

pub fn count(words: &[String]) -> HashMap<&str, usize> {
    let mut counted = HashMap::new();
    for word in words {
        *counted.entry(word.as_str()).or_insert(0) += 1;
    }
    counted
}

pub fn most_frequent(words: &[String]) -> Option<&str> {
    let counted = count(words);
    counted.into_iter().max_by_key(|entry| entry.1).map(|entry| entry.0)
}

pub fn is_sorted(words: &[String]) -> bool {
    words.windows(2).all(|pair| pair[0] <= pair[1])
}
"""
C = """#include <stddef.h>
#include <string.h>

/* The place of a word in a sorted list, or -1. */
int find(const char *const *words, size_t count, const char *word) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(words[middle], word);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
"""
JAVA = """package org.numbers;

import java.util.ArrayList;
import java.util.List;

public final class Ranges {
    private final List<Range> ranges = new ArrayList<>();

    public void add(Range range) {
        if (ranges.isEmpty() || !ranges.get(ranges.size() - 1).touches(range)) {
            ranges.add(range);
        } else {
            ranges.set(ranges.size() - 1, ranges.get(ranges.size() - 1).with(range));
        }
    }
}
"""
TABLE = "static const unsigned char lengths[] = {\n" + "    first, second, third, fourth, fifth,\n" * 80 + "};\n"
