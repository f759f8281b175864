"""Whether a formula of a person's own workbook reaches out of the workbook.

Only what is known to be harmless passes: functions that calculate, cells of the workbook's own sheets, names. So what a
new version of Excel, another spreadsheet or an add-in brings along does not.
"""

import re
from collections.abc import Collection
from typing import Final

from openpyxl.utils import FORMULAE

# Of those that openpyxl knows: what calls servers, opens files or programs, or refers to what a text says.
_REACHING: Final = frozenset({"HYPERLINK", "INDIRECT", "RTD"}) | {name for name in FORMULAE if name.startswith("CUBE")}
_LATER: Final = frozenset(
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
    """.split()  # noqa: SIM905  (a list of 140 quoted names is longer, and no clearer)
)
_HARMLESS: Final = (frozenset(FORMULAE) - _REACHING) | _LATER

_TEXT: Final = re.compile(r'"(?:[^"]|"")*"')
_ERROR: Final = re.compile(r"#(?:REF!|NULL!|DIV/0!|N/A|NAME\?|VALUE!|NUM!|SPILL!|CALC!)")
_SHEET: Final = re.compile(r"(?:'((?:[^']|'')+)'|(?<![\w.\]])([\w.]+(?::[\w.]+)?))!")
_FUNCTION: Final = re.compile(r"(?<![\w.\\?])([\w.\\?]+)\s*\(")
# A function may also be named without being called: Excel writes MAP(A1:A2,SUM) as MAP(A1:A2,_xleta.SUM). What has a
# prefix of Excel's is a function, but the parameters of LET and LAMBDA (_xlpm.x).
_NAMED: Final = re.compile(r"(?<![\w.\\?])(?!_xlpm\.\w+(?![\w.\\?]))(_xl\w*\.[\w.\\?]+)", re.IGNORECASE)
_PREFIXES: Final = re.compile(r"^(?:_xlfn\.|_xlws\.|_xleta\.)+", re.IGNORECASE)
# What no harmless formula has left: other workbooks and names in them, servers of DDE, paths and addresses.
_FOREIGN: Final = re.compile(r"[!|'\\#]|//|\]\s*[\w.]+\s*!")
_SPILL: Final = re.compile(r"(?<=[\w)\]])#|\[#[A-Za-z ]+\]")  # A1# and Table[#Headers]
_LONGEST: Final = 8_192  # characters, Excel's own limit
_MOST_QUOTES: Final = 200  # more take time, and no formula in use has them


def reaches_out(formula: str, sheets: Collection[str]) -> bool:
    """Whether a formula, with or without its equals sign, may reach out of a workbook with sheets of these names.

    Args:
        formula: of a cell, a name, a rule or a chart.
        sheets: the names of all sheets, casefolded.
    """
    if len(formula) > _LONGEST or formula.count("'") > _MOST_QUOTES:
        return True
    bare = _SPILL.sub("", _ERROR.sub("", _TEXT.sub("", formula)))
    if any(not _is_own(quoted.replace("''", "'") or plain, sheets) for quoted, plain in _SHEET.findall(bare)):
        return True
    bare = _SHEET.sub("", bare)
    if _FOREIGN.search(bare):
        return True
    functions = _FUNCTION.findall(bare) + _NAMED.findall(bare)
    return any(_PREFIXES.sub("", name).upper() not in _HARMLESS for name in functions)


def _is_own(name: str, sheets: Collection[str]) -> bool:
    """Whether a sheet, or the first and the last one of several, is of this workbook."""
    folded = name.casefold()
    return folded in sheets or all(part in sheets for part in folded.split(":", 1))
