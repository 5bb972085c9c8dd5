#!/usr/bin/env python3
"""Shows that the structure lint sees what it is there for: faults planted in a small tree are each reported.

Usage: check_structure_test.py
"""

import tempfile
import unittest
from pathlib import Path

import check_structure

TABLE = """| layer | module | Qt | what it is |
|---|---|---|---|
| 0 | `foundation` | no | words |
| 1 | `crypto` | no | hashes |
| 3 | `async` | yes | tasks |
| 3 | `api` | yes | what ui may see |
| 6 | `upload` | yes | uploads |
"""


class StructureLint(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)
        self.write("core/README.md", TABLE)
        for module in ("foundation", "crypto", "async", "api", "upload"):
            self.write(f"core/{module}/{module}.h", "#pragma once\n")
        self.write("ui/models/model.h", '#include "core/api/api.h"\n')
        self.write("app/cli/main.cpp", '#include "core/upload/upload.h"\n')
        self.write("tests/upload/upload_test.cpp", '#include "core/upload/upload.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def assert_fault(self, words):
        faults = check_structure.check(self.root)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(words, faults[0])

    def test_a_clean_tree_has_no_faults(self):
        self.assertEqual(check_structure.check(self.root), [])

    def test_a_module_may_use_one_above_it(self):
        self.write("core/upload/plan.h", '#include "core/crypto/crypto.h"\n')
        self.assertEqual(check_structure.check(self.root), [])

    def test_a_planted_include_of_a_module_below_is_reported(self):
        self.write("core/crypto/bad.h", '#include "core/upload/upload.h"\n')
        self.assert_fault("core/crypto/bad.h:1: module crypto may not use upload")

    def test_gui_in_core_is_reported(self):
        self.write("core/upload/bad.cpp", "#include <QWidget>\n")
        self.assert_fault("no QtGui and no QtWidgets in core")

    def test_qt_in_a_module_without_qt_is_reported(self):
        self.write("core/crypto/bad.cpp", "#include <QString>\n")
        self.assert_fault("kept free of Qt")

    def test_qcoro_outside_async_is_reported(self):
        self.write("core/upload/bad.cpp", "#include <QCoroTask>\n")
        self.assert_fault("QCoro belongs to core/async")

    def test_cryptopp_outside_crypto_is_reported(self):
        self.write("core/upload/bad.cpp", "#include <cryptopp/sha.h>\n")
        self.assert_fault("Crypto++ belongs to core/crypto")

    def test_isal_outside_erasure_is_reported(self):
        self.write("core/upload/bad.cpp", "#include <isa-l/erasure_code.h>\n")
        self.assert_fault("ISA-L belongs to core/erasure")

    def test_the_engine_in_ui_is_reported(self):
        self.write("ui/models/bad.h", '#include "core/upload/upload.h"\n')
        self.assert_fault("ui sees only core/api")

    def test_widgets_on_the_command_line_are_reported(self):
        self.write("app/cli/bad.cpp", "#include <QApplication>\n")
        self.assert_fault("the command line links no QtGui")

    def test_a_singleton_is_reported(self):
        self.write("core/upload/bad.h", "    static Plan& instance();\n")
        self.assert_fault("a singleton")

    def test_an_awaited_temporary_lambda_is_reported(self):
        self.write("core/upload/bad.cpp", "co_await async::runOn(pool,\n    [x] { return f(x); });\n")
        self.assert_fault("name the lambda")

    def test_an_awaited_temporary_aggregate_is_reported(self):
        self.write("core/upload/bad.cpp", "co_await Sleeping{sleep};\n")
        self.assert_fault("name the lambda or aggregate")

    def test_a_vague_name_is_reported(self):
        self.write("core/upload/upload_utils.h", "#pragma once\n")
        self.assert_fault("a name that says nothing")

    def test_a_module_without_a_line_in_the_map_is_reported(self):
        (self.root / "core/extra").mkdir()
        self.assert_fault("module has no line")

    def test_a_stranger_at_the_top_level_is_reported(self):
        self.write("scripts", "")
        self.assert_fault("the top level is fixed")


if __name__ == "__main__":
    unittest.main()
