"""Detection of external references in formulas, by an allowlist.

Allowed are functions that only calculate, cells of the workbook's own sheets, and names. Functions of a newer Excel,
another spreadsheet program or an add-in are not.
"""

import re
from collections.abc import Collection
from typing import Final

from openpyxl.utils import FORMULAE

# Functions in openpyxl's list that call servers, open files or programs, or refer to cells by text.
_UNSAFE: Final = frozenset({"HYPERLINK", "INDIRECT", "RTD"}) | {name for name in FORMULAE if name.startswith("CUBE")}
_NEWER: Final = frozenset(
    # Functions since Excel 2010, which openpyxl does not list.
    """
    ACOT ACOTH AGGREGATE ARABIC ARRAYTOTEXT BASE BETA.DIST BETA.INV BINOM.DIST BINOM.DIST.RANGE BINOM.INV BITAND
    BITLSHIFT BITOR BITRSHIFT BITXOR BYCOL BYROW CEILING.MATH CEILING.PRECISE CHISQ.DIST CHISQ.DIST.RT CHISQ.INV
    CHISQ.INV.RT CHISQ.TEST CHOOSECOLS CHOOSEROWS COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COT COTH COVARIANCE.P
    COVARIANCE.S CSC CSCH DAYS DECIMAL DROP ERF.PRECISE ERFC.PRECISE EXPAND EXPON.DIST F.DIST F.DIST.RT F.INV F.INV.RT
    F.TEST FILTER FLOOR.MATH FLOOR.PRECISE FORECAST.ETS FORECAST.LINEAR FORMULATEXT GAMMA GAMMA.DIST GAMMA.INV
    GAMMALN.PRECISE GAUSS HSTACK HYPGEOM.DIST IFNA IFS IMCOSH IMCOT IMCSC IMCSCH IMSEC IMSECH IMSINH IMTAN ISFORMULA
    ISOMITTED ISOWEEKNUM LET LOGNORM.DIST LOGNORM.INV MAKEARRAY MAP MAXIFS MINIFS MODE.MULT MODE.SNGL MUNIT
    NEGBINOM.DIST NORM.DIST NORM.INV NORM.S.DIST NORM.S.INV NUMBERVALUE PDURATION PERCENTILE.EXC PERCENTILE.INC
    PERCENTOF PERCENTRANK.EXC PERCENTRANK.INC PERMUTATIONA PHI POISSON.DIST QUARTILE.EXC QUARTILE.INC RANDARRAY RANK.AVG
    RANK.EQ REDUCE REGEXEXTRACT REGEXREPLACE REGEXTEST RRI SCAN SEC SECH SEQUENCE SHEET SHEETS SINGLE SKEW.P SORT SORTBY
    STDEV.P STDEV.S SWITCH T.DIST T.DIST.2T T.DIST.RT T.INV T.INV.2T T.TEST TAKE TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT
    TOCOL TOROW TRIMRANGE UNICHAR UNICODE UNIQUE VALUETOTEXT VAR.P VAR.S VSTACK WEIBULL.DIST WRAPCOLS WRAPROWS XLOOKUP
    XMATCH XOR Z.TEST
    """.split()  # noqa: SIM905  (shorter than a list of 140 quoted names)
)
_SAFE: Final = (frozenset(FORMULAE) - _UNSAFE) | _NEWER

_TEXT: Final = re.compile(r'"(?:[^"]|"")*"')
_ERROR: Final = re.compile(r"#(?:REF!|NULL!|DIV/0!|N/A|NAME\?|VALUE!|NUM!|SPILL!|CALC!)")
_SHEET: Final = re.compile(r"(?:'((?:[^']|'')+)'|(?<![\w.\]])([\w.]+(?::[\w.]+)?))!")
_FUNCTION: Final = re.compile(r"(?<![\w.\\?])([\w.\\?]+)\s*\(")
# A function can be passed by name: Excel writes MAP(A1:A2,SUM) as MAP(A1:A2,_xleta.SUM). Names with a prefix of
# Excel's are functions, except the parameters of LET and LAMBDA (_xlpm.x).
_NAMED: Final = re.compile(r"(?<![\w.\\?])(?!_xlpm\.\w+(?![\w.\\?]))(_xl\w*\.[\w.\\?]+)", re.IGNORECASE)
_PREFIXES: Final = re.compile(r"^(?:_xlfn\.|_xlws\.|_xleta\.)+", re.IGNORECASE)
# Not in any safe formula at this point: other workbooks and their names, DDE servers, paths and addresses.
_FOREIGN: Final = re.compile(r"[!|'\\#]|//|\]\s*[\w.]+\s*!")
_SPILL: Final = re.compile(r"(?<=[\w)\]])#|\[#[A-Za-z ]+\]")  # A1# and Table[#Headers]
_MAX_LENGTH: Final = 8_192  # characters, as in Excel
_MAX_QUOTES: Final = 200  # more would take long, and no real formula has them


def has_external_reference(formula: str, sheets: Collection[str]) -> bool:
    """Return whether a formula may refer to something outside its workbook.

    Args:
        formula: the formula of a cell, name, rule or chart, with or without its equals sign.
        sheets: the names of all sheets of the workbook, casefolded.
    """
    if len(formula) > _MAX_LENGTH or formula.count("'") > _MAX_QUOTES:
        return True
    bare = _SPILL.sub("", _ERROR.sub("", _TEXT.sub("", formula)))
    if any(not _is_in_workbook(quoted.replace("''", "'") or plain, sheets) for quoted, plain in _SHEET.findall(bare)):
        return True
    bare = _SHEET.sub("", bare)
    if _FOREIGN.search(bare):
        return True
    functions = _FUNCTION.findall(bare) + _NAMED.findall(bare)
    return any(_PREFIXES.sub("", name).upper() not in _SAFE for name in functions)


def _is_in_workbook(name: str, sheets: Collection[str]) -> bool:
    """Return whether a sheet, or both ends of a range of sheets, belong to the workbook."""
    folded = name.casefold()
    return folded in sheets or all(part in sheets for part in folded.split(":", 1))
