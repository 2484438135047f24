"""How tables name languages beyond what CLDR says: further names, endings, words around them."""

NAMED_IN = (
    *("en", "ja", "de", "fr", "es", "zh", "zh_Hant", "ko", "it", "pt", "nl", "pl", "ru"),
    *("cs", "tr", "sv", "da", "nb", "fi", "hu", "ro", "uk", "vi", "th", "ar"),
)
"""Languages in which tables name languages, looked at first."""

NAMED_ALSO_IN = (
    *("af", "am", "az", "be", "bg", "bn", "bs", "ca", "cy", "el", "et", "eu", "fa", "fil", "ga"),
    *("gl", "gu", "he", "hi", "hr", "hy", "id", "is", "ka", "kk", "km", "kn", "ky", "lo", "lt"),
    *("lv", "mk", "ml", "mn", "mr", "ms", "my", "ne", "pa", "si", "sk", "sl", "sq", "sr"),
    *("sr_Latn", "sw", "ta", "te", "ur", "uz"),
)
"""Further ones, looked at by their script; in all others a language has its own name alone."""

SHORTEST = 4  # letters of a name in one of these

_SLAVIC = ("sky", "ský", "ská", "ské")
_ADJECTIVES = {"ština": _SLAVIC, "čtina": ("cky", "cký", "cká", "cké"), "čina": _SLAVIC}
_FEMININE = {"": ("a",)}
ENDINGS = {  # locale → what is cut off a name, and what stands there instead
    "de": {"": ("e", "er", "es", "en")},
    "fr": {"": ("e",)},
    "es": _FEMININE,
    "it": _FEMININE,
    "pt": _FEMININE,
    "cs": _ADJECTIVES,
    "sk": _ADJECTIVES,
    "pl": {"": ("e",), "i": ("a", "u")},
    "ru": {"ий": ("ая", "ое", "ом")},
    "uk": {"а": ("ий", "е", "ою")},
    "el": {"α": ("οσ", "η", "ο")},  # folded: σ at the end too
    "ar": {"ية": ("ي",)},
    "he": {"ית": ("י",)},
    "hu": {"l": ("lul",), "r": ("rul",), "t": ("tül",), "n": ("nul",), "a": ("ául",)},
}
FURTHER_NAMES = {
    "en": ("英文", "영문"),
    "ja": ("日文", "国語"),
    "ko": ("韩文", "韓文", "국문", "한글"),
    "zh": ("汉语", "漢語", "普通话"),
    "de": ("独語", "deu.", "dt."),
    "fr": ("仏語", "frz."),
    "es": ("西語", "castellano"),
    "ru": ("露語",),
    "zh-Hans": ("简体中文", "简中", "簡体字", "簡体中文", "中文简体"),
    "zh-Hant": ("繁體中文", "繁中", "繁体字", "繁体中文", "中文繁體"),
    "en-US": ("us english", "american"),
    "en-GB": ("uk english", "british"),
    "fa": ("farsi",),
    "nb": ("norsk bokmål",),
}
INFLECTED = {  # `in English`, in one word or behind another, where no ending makes it
    "en": ("englanniksi", "englannin", "angleško"),
    "de": ("německy", "německý", "nemecky", "nemecký", "saksaksi", "saksan", "nemško"),
    "fr": ("ranskaksi", "ranskan", "francosko"),
    "ru": ("venäjäksi", "venäjän"),
    "sv": ("ruotsiksi", "ruotsin"),
    "fi": ("suomeksi", "suomen"),
    "sl": ("slovensko",),
}
LANGUAGE_IN_THAI = "ภาษา"  # written without a space behind it
LANGUAGE_WORDS = frozenset(
    [
        *("language", "sprache", "langue", "lengua", "idioma", "língua", "lingua", "taal", "język"),
        *("язык", "мова", "език", "език", "језик", "jezik", "jazyk", "språk", "språket", "sprog"),
        *("kieli", "nyelv", "γλωσσα", "dil", "dili", "limba", "kalba", "valoda", "keel", "gjuha"),
        *("bahasa", "ngôn ngữ", "اللغة", "لغة", "זبان", "زبان", "שפה", "भाषा", "po", "auf", "en"),
        *("på", "in", "na", "на", "σε", "στα", "bằng"),
    ]
)
