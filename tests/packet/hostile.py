"""What somebody may type who means harm: over sixty texts, to be put into every field that a packet prints.

``{address}`` stands for an address on this machine that hears, ``{file}`` for a file that nobody may see.
"""

MARKUP = (
    '<img src="{address}">', '<img src="{file}">', '<img srcset="{address} 2x">', "<img/src={address} alt=x>",
    '<link rel="stylesheet" href="{address}">', '<link rel="attachment" href="{file}">',
    '<link rel="attachment" href="{address}">', '<a rel="attachment" href="{file}">x</a>',
    '<object data="{address}"></object>', '<object data="{file}"></object>', '<embed src="{address}">',
    '<iframe src="{address}"></iframe>', '<video poster="{address}"></video>', '<audio src="{address}"></audio>',
    '<input type="image" src="{address}">', '<form action="{address}"><input name=x></form>',
    '<base href="{address}">', '<meta http-equiv="refresh" content="0;url={address}">',
    '<body background="{address}">', '<table background="{address}">', '<script src="{address}"></script>',
    '<script>fetch("{address}")</script>', '<a href="javascript:alert(1)">x</a>', '<a href="{file}">x</a>',
    '<svg><image href="{address}"/></svg>', '<svg><image xlink:href="{file}"/></svg>',
    '<svg><use href="{address}#a"/></svg>', '<svg><style>@import url({address})</style></svg>',
    '<svg><foreignObject><img src="{address}"/></foreignObject></svg>', '<math href="{address}">x</math>',
    "</title><img src={address}>", "</td></tr></table><img src={address}>", "</p></main></body></html><img src={file}>",
    "--><img src={address}><!--", "]]><img src={address}>", "'\"><img src={address}>", "&lt;img src={address}&gt;",
    "<<img src={address}>>", "<img src={address}", "<ımg src={address}>", "\uff1cimg src={address}\uff1e",
)  # fmt: skip
STYLES = (
    "<style>@import url({address});</style>", "<style>@font-face{{font-family:x;src:url({address})}}</style>",
    "<style>*{{background:url({file})}}</style>", '<p style="background:url({address})">x',
    "<style>@page{{@top-left{{content:url({address})}}}}</style>", "}} * {{ background: url({address}) }}",
    "<style>h1{{content: url({file})}}</style>", "<style>*{{display:flex;position:running(x)}}</style>",
    "url({address})", "expression(fetch({address}))",
)  # fmt: skip
TEMPLATES = (
    "{{{{ 7 * 7 }}}}", "{{% include '{file}' %}}", "{{{{ config.__class__.__init__.__globals__ }}}}", "${{7*7}}",
    "#{{7*7}}", "<%= File.read('{file}') %>", "{{% for x in range(1000000000) %}}x{{% endfor %}}",
)  # fmt: skip
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "{file}">]><x>&y;</x>', "&y;&#x26;&#0;", "%00%0d%0a",
    '<xi:include href="{file}" parse="text"/>', "<?php readfile('{file}'); ?>",
)  # fmt: skip
PDF_WORDS = (
    ") Tj ET Q", ">> endobj 1 0 obj << /OpenAction << /S /URI /URI ({address}) >> >>", "/JavaScript (app.alert(1))",
    "/EmbeddedFile /F ({file})", "\\) /S /Launch", "[0 0000000000 0000000000 0000000000]", "/Contents <00>",
    "%%EOF\nstartxref\n0\n%%EOF", "(Seal of the packet)",
)  # fmt: skip
ODD = (
    "\u202etem ton\u202c", "\u2066not\u2069 met", "a\u200bb\u200c\u200d\ufeff", "e" + "\u0301\u0323" * 500, "W" * 800,
    "\u2011" * 300, "\U0001f469\u200d\U0001f467" * 50, "\u0000\u0001\u0007\u001b[31m", "\ufffe\uffff", "x\t\n\r\v\f",
)  # fmt: skip
TEXTS = (*MARKUP, *STYLES, *TEMPLATES, *ENTITIES, *PDF_WORDS, *ODD)


def texts(address: str, file: str) -> list[str]:
    """Give all of them, with the address and the file filled in."""
    return [each.format(address=address, file=file) for each in TEXTS]
