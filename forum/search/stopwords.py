"""The commonest function words of the 24 languages, case and accents folded.

An engine ignores such a word when it is also frequent in what the visitor reads and another word remains to
search for; so a list may be rough, and a word that is a function word in one language only ("war", "die")
still finds where it is rare. Phrases keep every word.
"""

from __future__ import annotations

_LISTS = {
    "bg": (
        "и в на за се от да с по не са е че като към при или до това което които които тези този а но ще "
        "бе има"
    ),
    "cs": (
        "a v na se je z do s o k i za pro ze po od u by si jako jsou jsem bylo byl byla aby nebo ktere "
        "ktery ktera ale ve tak to ze pri podle jeho jejich tento tato"
    ),
    "da": (
        "og i at det er en til af den for pa med de som der et ikke har om fra men ved vi kan skal eller "
        "sig blev var vil denne dette efter"
    ),
    "de": (
        "der die und in den von zu das mit sich des auf fur ist im dem nicht ein eine als auch es an "
        "werden aus er hat dass sie nach wird bei einer um am sind noch wie einem uber einen so zum war "
        "haben nur oder aber vor zur bis mehr durch man sein wurde sei kann diese dieser"
    ),
    "el": (
        "και το να του η τησ με που την απο για τα ειναι των σε ο οι στο θα τη στην τον τουσ δεν τισ ενα "
        "μια ωσ οτι στη κατα αυτο αλλα προσ η στα στισ"
    ),
    "en": (
        "the of and to in a is that for it as was with be by on not he his but at are this have from or "
        "had an they which you were their been has we will would can there if its who what when how do "
        "does did about should these those than then also our my your i me us them so no into may must "
        "could any such"
    ),
    "es": (
        "de la que el en y a los se del las un por con no una su para es al lo como mas o pero sus le ha "
        "si porque esta son entre cuando muy sin sobre ser tambien hasta hay desde este esta estos"
    ),
    "et": (
        "ja on ei et kui see ta oli ka mis oma aga ning voi mida selle kes nii siis seda juba ole tema "
        "veel nagu kuid ta selle kas"
    ),
    "fi": (
        "ja on ei etta oli se hanen mutta han kun joka tai ovat olla myos kuin ole sen jos niin mukaan "
        "mika nyt siita voi jotka taman ne ovat"
    ),
    "fr": (
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont "
        "avec son ou aux d l s n qu c ont ete cette ces mais comme on leur nous vous elle si etre meme"
    ),
    "ga": (
        "an na agus a i ar is go ag ta le do de bhi se ni seo sin on as ach no faoi chun leis mar gur ina iad"
    ),
    "hr": (
        "i u je na se da za su od s a o kao koji do ne to sto koja iz ili ce te bi po ali koje ima kako biti"
    ),
    "hu": (
        "a az es hogy nem is egy van meg volt ez de ha csak vagy el mar mint ki azt sem meg volt be lesz "
        "amely kell mind nincs ezt"
    ),
    "it": (
        "di e il la che in a per un del non una le i con si da sono della al l dei come nel dell piu alla "
        "ma anche gli delle ha su o se lo nella all questo essere questa tra"
    ),
    "lt": "ir i kad yra su is del kaip ne o tai bet ar buvo po nuo apie jo jos kurie kuri to ji jie prie",
    "lv": "un ir ar no uz par ka ari kas lai ne pie tas to bet vai ka pec tika bija kuru si sis vina tiek",
    "mt": (
        "il u ta li fi ma l biex hija huwa mill ghal minn kien dan din jew d s t x kif fuq tal dawn hemm "
        "wkoll"
    ),
    "nl": (
        "de van het een en in is dat op te zijn met voor niet aan er om die ook als maar door bij uit dan "
        "wordt naar of worden heeft hij ze nog tot over dit deze hebben kan"
    ),
    "pl": (
        "i w na z do nie sie to ze jest o od za a po przez dla jak co oraz lub ale sa tym jego byl przy "
        "ich ktore ktory ktora"
    ),
    "pt": (
        "de a o que e do da em um para com nao uma os no se na por mais as dos como mas ao das ou sua foi "
        "e nos ser pela pelo entre sao tambem"
    ),
    "ro": (
        "de si in la a cu pe din care nu un o sa ca pentru este mai al sau se le lui fi au prin ale ce "
        "dar sunt fost acest aceasta"
    ),
    "sk": (
        "a v na sa je z do s o k i za pre zo po od by ako su bol bola bolo aby alebo ktore ktory ktora "
        "ale vo tak to ze pri podla jeho ich tento"
    ),
    "sl": "in je v na se za da so z s o ki po ne tudi pa kot iz do bi ali bil bila od pri to ga kako lahko",
    "sv": (
        "och i att det som en pa ar av for med den till inte om ett har de fran var men sig eller vid kan "
        "nar skall ska ut under efter upp denna detta"
    ),
}

STOP_WORDS: dict[str, frozenset[str]] = {lang: frozenset(words.split()) for lang, words in _LISTS.items()}

EVERY_STOP_WORD = frozenset[str]().union(*STOP_WORDS.values())


def is_stop_word(word: str, languages: frozenset[str]) -> bool:
    """Whether a folded word is a function word in one of these languages."""
    return any(word in STOP_WORDS[language] for language in languages if language in STOP_WORDS)
