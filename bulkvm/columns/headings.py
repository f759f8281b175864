"""Headings of each column, one line a language; case, accents, spaces and punctuation do not matter."""

from typing import Final

EXTENSION: Final = {
    "en": "extension, ext, extn, extension no, ext no, extension num, ext num, ext number, internal number, mailbox, "
    "mailbox number, mailbox no, mailbox extension, number, box, box number, voicemail number, voicemail box, "
    "voicemail extension, vm box, vm extension, phone extension, telephone extension, internal extension, internal ext",
    "de": "Durchwahl, Durchwahlnummer, Durchwahl-Nr, Nebenstelle, Nebenstellennummer, Nebenstellen-Nr, Nebenstelle Nr, "
    "Rufnummer, interne Durchwahl, interne Rufnummer, interne Nummer, Nummer, Mailboxnummer, "
    "Mailbox-Nr, Ext-Nr, interne Nr, Klappe, Nst, Nebenst, DW, interne DW",
    "fr": "poste, numéro de poste, numéro du poste, n° du poste, no de poste, n° de poste, n° poste, poste interne, "
    "poste téléphonique, poste tél, no poste, n° interne, "
    "numéro interne, numéro, numéro d'extension, boîte vocale, numéro de boîte vocale",
    "es": "extensión, extensión telefónica, núm. extensión, n.º extensión, número de extensión, "
    "núm. de extensión, n.º de extensión, n° de extensión, n.º interno, "
    "interno, número interno, anexo, número, buzón, "
    "buzón de voz, número de buzón",
    "it": "interno, interno telefonico, numero interno, numero di interno, n. interno, estensione, "
    "numero di estensione, numero, "
    "casella vocale, numero casella vocale",
    "nl": "toestel, toestelnummer, toestelnr, extensie, extensienummer, intern nummer, doorkiesnummer, nummer, "
    "voicemailbox, voicemailnummer",
    "pt": "ramal, número do ramal, número de ramal, nº do ramal, nº ramal, ramal nº, extensão, número da extensão, "
    "número interno, número, caixa de voz",
}

NAME: Final = {
    "en": "display name, box name, mailbox name, voicemail name, full name, name of the box, extension name, "
    "voicemail box name, first and last name, rename to, rename",
    "de": "Name, Anzeigename, Bezeichnung, Mailboxname, Name der Mailbox, Name der Voicemailbox, vollständiger Name, "
    "Vor- und Nachname, Vorname Nachname, Nachname Vorname, Name Vorname, umbenennen in, umbenennen",
    "fr": "nom, nom affiché, nom d'affichage, nom complet, nom du poste, nom de la boîte, nom de la boîte vocale, "
    "libellé, intitulé, nom et prénom, nom prénom, prénom et nom, prénom nom, renommer en, renommer",
    "es": "nombre, nombre para mostrar, nombre completo, nombre de la extensión, nombre del buzón, "
    "nombre del buzón de voz, denominación, nombre y apellidos, nombre y apellido, apellidos y nombre, "
    "renombrar a, renombrar como",
    "it": "nome, nome visualizzato, nome completo, nome casella, nome della casella, denominazione, nome e cognome, "
    "cognome e nome, nome cognome, cognome nome, "
    "rinomina in, rinominare in",
    "nl": "naam, weergavenaam, volledige naam, voor- en achternaam, naam toestel, naam van het toestel, "
    "naam van de voicemailbox, "
    "hernoemen naar, hernoem naar",
    "pt": "nome, nome de exibição, nome apresentado, nome completo, nome do ramal, nome da caixa, denominação, "
    "nome e apelido, nome e sobrenome, "
    "renomear para",
}

PIN: Final = {
    "en": "voicemail pin, vm pin, mailbox pin, box pin, pin code, pin number, pin no, pin to listen, "
    "pin to listen to messages, pin for listening, listening pin",
    "de": "PIN-Code, PIN-Nummer, PIN-Nr, Mailbox-PIN, Geheimzahl, Geheimnummer, PIN zum Abhören, "
    "PIN zum Anhören, Abhör-PIN",
    "fr": "code PIN, numéro PIN, NIP, code NIP, code PIN messagerie, code de messagerie, code de la messagerie, "
    "PIN pour écouter, code PIN pour écouter, PIN d'écoute",
    "es": "código PIN, número PIN, número de PIN, NIP, PIN para escuchar, PIN de escucha",
    "it": "codice PIN, numero PIN, PIN per ascoltare, PIN per l'ascolto, PIN di ascolto",
    "nl": "pincode, pinnummer, PIN om te luisteren, PIN om te beluisteren, pincode om te luisteren",
    "pt": "código PIN, número PIN, número do PIN, PIN da caixa, PIN para ouvir, PIN para escutar",
}
# Words that also name the secret of something else, such as a login.
ANY_SECRET: Final = {
    "en": "password, passcode, access code, code",
    "de": "Passwort, Kennwort, Zugangscode, Zugriffscode, Geheimcode, Code",
    "fr": "mot de passe, code d'accès, code secret, code confidentiel, code",
    "es": "contraseña, clave, clave de acceso, código de acceso, código secreto, código",
    "it": "password, codice di accesso, codice d'accesso, codice segreto, codice",
    "nl": "wachtwoord, toegangscode, geheime code, code",
    "pt": "senha, senha de acesso, palavra-passe, código de acesso, código secreto, código",
}

PROMPT: Final = {
    "en": "language, prompt language, voice prompt language, voice language, voicemail language, prompts, "
    "prompt lang, prompt set, "
    "language of the prompts, language tag, language code, lang, locale",
    "de": "Sprache, Ansagesprache, Sprache der Ansage, Sprache der Ansagen",
    "fr": "langue, langue des annonces, langue des messages, langue des invites, langue du guide vocal",
    "es": "idioma, idioma del buzón, idioma de los mensajes, idioma de las locuciones",
    "it": "lingua, lingua dei messaggi, lingua degli annunci",
    "nl": "taal, prompttaal, taal prompts, gesproken taal, taal van de meldingen",
    "pt": "idioma, língua, idioma do prompt, idioma das mensagens, idioma dos avisos",
}

ENABLE_PIN: Final = {
    "en": "ask for the pin, ask for pin, pin enabled, pin required, require pin, use pin, pin authentication, "
    "voicemail pin authentication, voicemail pin required, voicemail pin enabled",
    "de": "PIN-Abfrage, PIN abfragen, nach PIN fragen, PIN verlangen, PIN erforderlich, PIN-Pflicht, PIN aktiv, "
    "PIN aktiviert, PIN-Authentifizierung, Voicemail-PIN-Authentifizierung",
    "fr": "demander le PIN, demander le code PIN, demander le code, PIN requis, code PIN requis, PIN obligatoire, "
    "PIN activé, "
    "authentification par PIN",
    "es": "pedir PIN, pedir el PIN, solicitar PIN, PIN requerido, PIN obligatorio, PIN activado, autenticación por PIN",
    "it": "chiedi PIN, richiedi PIN, richiesta PIN, PIN richiesto, PIN obbligatorio, PIN attivo, autenticazione PIN",
    "nl": "PIN vragen, pincode vragen, PIN nodig, PIN vereist, pincode vereist, PIN verplicht, pincode verplicht, "
    "PIN-verificatie",
    "pt": "pedir PIN, solicitar PIN, exigir PIN, PIN exigido, PIN obrigatório, PIN ativado, autenticação por PIN",
}

NOTIFY: Final = {
    "en": "notify, notify by email, notification, notifications, email notify, email notification, "
    "email notifications, enable email notification, email alert, email alerts, send mail, send notification, "
    "notify by mail, send email, "
    "send email when receiving a voicemail, "
    "voicemail notification, email enabled, email active",
    "de": "Benachrichtigung, Benachrichtigungen, benachrichtigen, E-Mail-Benachrichtigung, E-Mail-Benachrichtigungen, "
    "Benachrichtigung per E-Mail, per E-Mail benachrichtigen, Mailbenachrichtigung, E-Mail senden, "
    "E-Mail aktiv, E-Mail aktiviert",
    "fr": "notification, notifications, notifier, notification par e-mail, notification par courriel, "
    "notifier par e-mail, notifier par courriel, avertir par e-mail, "
    "avertir, avertir par mail, prévenir par e-mail, prévenir par mail, envoyer un e-mail, "
    "e-mail activé, courriel activé",
    "es": "notificar, notificación, notificaciones, notificación por correo, notificación por correo electrónico, "
    "notificar por correo, notificar por correo electrónico, notificación por e-mail, aviso por correo, "
    "avisar, avisar por correo, enviar correo, correo activado, e-mail activado",
    "it": "notifica, notifiche, notifica e-mail, notifica via e-mail, notifica per e-mail, avviso via e-mail, "
    "avviso e-mail, avvisa via e-mail, avvisa per e-mail, "
    "invia e-mail, e-mail attiva, e-mail attivata",
    "nl": "melding, meldingen, notificatie, notificaties, e-mailmelding, e-mailmeldingen, e-mailnotificatie, "
    "melding per e-mail, melding per mail, e-mail versturen, e-mail actief",
    "pt": "notificar, notificação, notificações, notificação por e-mail, notificar por e-mail, aviso por e-mail, "
    "avisar por e-mail, "
    "enviar e-mail, e-mail ativo, e-mail ativado",
}

RECIPIENTS: Final = {
    "en": "recipient, email, emails, email address, email addresses, mail, mail address, email recipient, "
    "email recipients, recipient email, recipient emails, recipients email, notify to, email to notify, "
    "notification email address, notification email addresses, notification recipients, voicemail email, vm email, "
    "voicemail email address, voicemail email addresses, voicemail recipient, voicemail recipients, send email to, "
    "send mail to, send to, send voicemail to, send notification to, notify by email to",
    "de": "Empfänger, E-Mail-Empfänger, E-Mail-Adresse, E-Mail-Adressen, Mailadresse, Mailadressen, "
    "Benachrichtigung an, Mail an, E-Mail an, Benachrichtigungs-E-Mail, Voicemail-E-Mail, E-Mail für Voicemail, "
    "E-Mail senden an, Mail senden an, senden an, Voicemail senden an, benachrichtigen an",
    "fr": "destinataire, destinataires, courriel, courriels, adresse e-mail, adresses e-mail, adresse mail, "
    "adresses mail, adresse courriel, adresse de courriel, adresse électronique, mél, e-mail de la messagerie vocale, "
    "e-mail messagerie vocale, envoyer à, envoyer un e-mail à, envoyer e-mail à, envoyer un courriel à, notifier à",
    "es": "destinatario, destinatarios, correo, correos, correo-e, correo de notificación, correo electrónico, "
    "correos electrónicos, "
    "dirección de correo, direcciones de correo, dirección de correo electrónico, direcciones de correo electrónico, "
    "dirección de email, direcciones de email, correo del buzón de voz, e-mail del buzón de voz, "
    "enviar a, enviar correo a, enviar un correo a, notificar a",
    "it": "destinatario, destinatari, indirizzo e-mail, indirizzi e-mail, indirizzo mail, posta elettronica, "
    "indirizzo di posta elettronica, indirizzi di posta elettronica, destinatari e-mail, e-mail destinatari, "
    "e-mail destinatario, e-mail casella vocale, e-mail della casella vocale, e-mail segreteria, "
    "invia a, inviare a, invia e-mail a, notifica a",
    "nl": "ontvanger, ontvangers, e-mailadres, e-mailadressen, mailadres, mailadressen, e-mailontvangers, "
    "voicemail-e-mail, e-mail voor voicemail, e-mail naar, mail naar, e-mail sturen naar, melding naar",
    "pt": "destinatário, destinatários, endereço de e-mail, endereços de e-mail, correio eletrónico, "
    "correio eletrônico, e-mail da caixa de voz, e-mail do correio de voz, enviar para, enviar e-mail para",
}

PLAY_DATETIME: Final = {
    "en": "announce date/time, announce date and time, date/time, date and time, date and time announcement, "
    "play date/time, play date and time, announce time, "
    "time announcement",
    "de": "Datum/Uhrzeit, Datum und Uhrzeit, Datum und Uhrzeit ansagen, Datum/Uhrzeit ansagen, "
    "Datum/Zeit ansagen, "
    "Ansage von Datum und Uhrzeit, Uhrzeit ansagen, Zeitansage",
    "fr": "date/heure, date et heure, annoncer date et heure, annoncer la date et l'heure, "
    "annonce de la date et de l'heure, annonce date/heure, annonce date et heure",
    "es": "fecha/hora, fecha y hora, anunciar fecha y hora, anunciar fecha/hora, anunciar la fecha y la hora",
    "it": "data/ora, data e ora, annuncia data e ora, annunciare data e ora, annuncio data e ora, annuncio data/ora",
    "nl": "datum/tijd, datum en tijd, datum en tijd melden, datum en tijd aankondigen, datum en tijd afspelen, "
    "datum/tijd afspelen",
    "pt": "data/hora, data e hora, anunciar data e hora, anunciar data/hora, anunciar a data e a hora",
}

ID: Final = {
    "en": "voicemail id, box id, pbx id",
    "de": "Mailbox-ID, ID der Mailbox, ID der Box",
    "fr": "id de la boîte, identifiant de la boîte, identifiant de la boîte vocale",
    "es": "id del buzón, identificador del buzón",
    "it": "id della casella, identificativo della casella",
    "nl": "voicemailbox-id, id van de voicemailbox",
    "pt": "id da caixa, identificador da caixa",
}

# Headings of a part of a name, which can be joined: first names and last names.
FIRST_NAMES: Final = (
    "first name, given name, forename, Vorname, prénom, primer nombre, nombre de pila, voornaam, primeiro nome"
)
LAST_NAMES: Final = (
    "last name, surname, family name, Nachname, Familienname, Zuname, nom de famille, apellido, apellidos, cognome, "
    "achternaam, familienaam, sobrenome, apelido"
)

# Headings that name one column in one language and another one in another language.
AMBIGUOUS: Final = dict.fromkeys(
    (
        "notification email",
        "notification emails",
        "Benachrichtigung E-Mail",
        "voicemail to email",
        "notify recipients",
        "Empfänger benachrichtigen",
        "notifier les destinataires",
        "notificar destinatarios",
        "notificar a los destinatarios",
        "notifica destinatari",
        "ontvangers informeren",
        "notificar os destinatários",
    ),
    ("enable_email_notify", "recipients"),
)
