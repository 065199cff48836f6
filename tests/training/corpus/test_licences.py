"""Which licences are permissive, and what `debian/copyright` says of each file."""

import pytest

from recoder_lsp.training.corpus import is_permissive, is_permissive_short_name
from recoder_lsp.training.corpus.licences import Copyright

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: numbers
Source: https://github.com/Some/Numbers
# A comment.

Files: *
Copyright: 2020 Somebody
License: Expat

Files: src/gnu/* src/?.c
Copyright: 2020 Somebody else
License: GPL-2+
 The text of the licence.
 .
 More of it.

Files: src/gnu/free[1].c
License: BSD-3-clause

License: Expat
 Permission is hereby granted.
"""


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache-2.0", "BSD-3-Clause", "ISC", "Python Software Foundation License", "0BSD", "(CECILL-B OR MIT)"]
)
def test_permissive_licences_are_taken(licence):
    assert is_permissive(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0",
        "LGPLv2+",
        "MPL-2.0",
        "MIT OR GPL-3.0",
        "",
        "Proprietary",
        "BUSL-1.1",
        "SEE LICENSE IN LICENSE",
        "MIT AND CC-BY-NC-4.0",
        "MIT + Commons Clause",
        "Apache-2.0 WITH Commons-Clause",
        "BSD-3-Clause AND OSL-3.0",
        "Apache-2.0, CeCILL-2.1",
        "MIT AND PolyForm-Shield-1.0.0",
        "MIT AND Artistic-2.0",
        "MIT, share-alike",
    ],
)
def test_other_licences_are_refused(licence):
    assert not is_permissive(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "Expat",
        "MIT or Apache-2.0",
        "Apache-2.0 | MIT",
        "GPL-2 or BSD-3-clause",
        "Zlib, and Expat",
        "public-domain",
        "Go",
        "Apache-2.0 with LLVM exception",
    ],
)
def test_short_names_of_permissive_licences_are_taken(licence):
    assert is_permissive_short_name(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-2+",
        "Expat and GPL-2",
        "BSD-3-clause, GPL-2+",
        "LGPL-2.1 or MPL-1.1",
        "",
        "custom",
        "Artistic or GPL-1+",
        "google-terms",
        "Expat-NC",
        "Python-nonfree",
        "Unicode-non-free",
        "public-domain-CC-BY-NC",
        "curl-CC-BY-SA-4.0",
    ],
)
def test_other_short_names_are_refused(licence):
    assert not is_permissive_short_name(licence)


@pytest.mark.parametrize(
    ("path", "licence"),
    [
        ("README.c", "Expat"),
        ("src/deep/er/a.c", "Expat"),
        ("src/gnu/a.c", "GPL-2+"),
        ("src/gnu/deep/a.c", "GPL-2+"),
        ("src/a.c", "GPL-2+"),
        ("src/ab.c", "Expat"),
        ("src/gnu/free[1].c", "BSD-3-clause"),
    ],
)
def test_the_last_stanza_that_names_a_file_gives_its_licence(path, licence):
    assert Copyright.read(COPYRIGHT).licence_of(path) == licence


def test_the_rest_and_the_source_are_named():
    rights = Copyright.read(COPYRIGHT)

    assert (rights.licence_of_the_rest, rights.source) == ("Expat", "https://github.com/Some/Numbers")


def test_without_a_stanza_for_all_files_a_file_may_have_no_licence():
    rights = Copyright.read(COPYRIGHT.replace("Files: *\n", "Files: lib/*\n"))

    assert (rights.licence_of_the_rest, rights.licence_of("other.c"), rights.licence_of("lib/a.c")) == ("", "", "Expat")


@pytest.mark.parametrize("text", ["", "This package was debianised by hand.\n\nLicence: MIT\n", "Name: numbers\nFiles: *\nLicense: MIT\n"])
def test_a_copyright_that_is_meant_for_people_is_not_read(text):
    assert Copyright.read(text) is None
