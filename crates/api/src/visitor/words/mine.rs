//! The phrases of the page on which the holder of a receipt sees what becomes of a submission.

use super::language;
use bonafide_model::Locale;

/// Every phrase, in one language.
pub(crate) struct Mine {
    tag: &'static str,
    pub(crate) title: &'static str,
    pub(crate) token: &'static str,
    pub(crate) show: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) state: &'static str,
    /// In the order of [`STATES`].
    states: [&'static str; 8],
    pub(crate) fulfilled: &'static str,
    pub(crate) erase_at: &'static str,
    pub(crate) erased: &'static str,
    pub(crate) scrubbed: &'static str,
    pub(crate) erase: &'static str,
    pub(crate) erase_hint: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) restrict: &'static str,
    pub(crate) restrict_hint: &'static str,
    pub(crate) unrestrict: &'static str,
    pub(crate) permit: &'static str,
    pub(crate) withdraw: &'static str,
}

/// The states by their names in the API.
const STATES: [&str; 8] = ["received", "open", "fulfilled", "due", "erasing", "erased", "final", "restricted"];

/// The phrases in a visitor's language, or in English where there are none.
pub(crate) fn of(locale: &Locale) -> &'static Mine {
    let language = language(locale);
    ALL.iter().find(|words| words.tag == language).unwrap_or(&ALL[0])
}

impl Mine {
    /// A state, in words.
    pub(crate) fn state_in_words(&self, state: &str) -> &'static str {
        STATES.iter().position(|known| *known == state).map_or("", |at| self.states[at])
    }
}

static ALL: [Mine; 5] = [
    Mine {
        tag: "en",
        title: "What becomes of what you sent",
        token: "The token of your receipt",
        show: "Show",
        unknown: "There is no such receipt.",
        refused: "That is not possible any more.",
        state: "State",
        states: [
            "Arrived",
            "Being worked on",
            "Dealt with",
            "About to be erased",
            "Being erased",
            "Erased",
            "Erased for good",
            "Not to be used by anybody",
        ],
        fulfilled: "Dealt with",
        erase_at: "To be erased",
        erased: "Erased",
        scrubbed: "Removed from all files",
        erase: "Have everything erased",
        erase_hint: "From now on nobody can use it. It is erased in 24 hours; until then you can change your mind.",
        cancel: "Keep it after all",
        restrict: "Stop its use",
        restrict_hint: "It is kept until it is due, and nobody uses it.",
        unrestrict: "Allow its use again",
        permit: "Permit",
        withdraw: "Take back",
    },
    Mine {
        tag: "de",
        title: "Was aus Ihren Angaben wird",
        token: "Das Kennwort Ihres Belegs",
        show: "Zeigen",
        unknown: "Einen solchen Beleg gibt es nicht.",
        refused: "Das ist nicht mehr möglich.",
        state: "Stand",
        states: [
            "Eingegangen",
            "In Bearbeitung",
            "Erledigt",
            "Wird gleich gelöscht",
            "Wird gelöscht",
            "Gelöscht",
            "Endgültig gelöscht",
            "Darf von niemandem verwendet werden",
        ],
        fulfilled: "Erledigt",
        erase_at: "Wird gelöscht",
        erased: "Gelöscht",
        scrubbed: "Aus allen Dateien entfernt",
        erase: "Alles löschen lassen",
        erase_hint: "Ab sofort kann es niemand verwenden. In 24 Stunden wird es gelöscht; bis dahin können Sie es sich anders überlegen.",
        cancel: "Doch behalten",
        restrict: "Verwendung beenden",
        restrict_hint: "Es wird bis zum Ende der Frist aufbewahrt, und niemand verwendet es.",
        unrestrict: "Verwendung wieder erlauben",
        permit: "Erlauben",
        withdraw: "Zurücknehmen",
    },
    Mine {
        tag: "fr",
        title: "Ce que devient votre envoi",
        token: "Le code de votre reçu",
        show: "Afficher",
        unknown: "Ce reçu n’existe pas.",
        refused: "Ce n’est plus possible.",
        state: "État",
        states: [
            "Arrivé",
            "En cours de traitement",
            "Traité",
            "Sur le point d’être effacé",
            "En cours d’effacement",
            "Effacé",
            "Effacé définitivement",
            "Ne peut être utilisé par personne",
        ],
        fulfilled: "Traité",
        erase_at: "Sera effacé",
        erased: "Effacé",
        scrubbed: "Retiré de tous les fichiers",
        erase: "Tout faire effacer",
        erase_hint: "Dès maintenant personne ne peut l’utiliser. Il est effacé dans 24 heures ; d’ici là vous pouvez changer d’avis.",
        cancel: "Le garder finalement",
        restrict: "Arrêter son utilisation",
        restrict_hint: "Il est conservé jusqu’à son échéance et personne ne l’utilise.",
        unrestrict: "Autoriser à nouveau son utilisation",
        permit: "Autoriser",
        withdraw: "Retirer",
    },
    Mine {
        tag: "es",
        title: "Qué pasa con lo que envió",
        token: "La clave de su recibo",
        show: "Mostrar",
        unknown: "No existe tal recibo.",
        refused: "Eso ya no es posible.",
        state: "Estado",
        states: [
            "Recibido",
            "En trámite",
            "Atendido",
            "A punto de borrarse",
            "Borrándose",
            "Borrado",
            "Borrado definitivamente",
            "Nadie puede usarlo",
        ],
        fulfilled: "Atendido",
        erase_at: "Se borrará",
        erased: "Borrado",
        scrubbed: "Eliminado de todos los archivos",
        erase: "Borrar todo",
        erase_hint: "Desde ahora nadie puede usarlo. Se borra en 24 horas; hasta entonces puede cambiar de opinión.",
        cancel: "Conservarlo",
        restrict: "Detener su uso",
        restrict_hint: "Se conserva hasta que venza su plazo y nadie lo usa.",
        unrestrict: "Volver a permitir su uso",
        permit: "Permitir",
        withdraw: "Retirar",
    },
    Mine {
        tag: "nl",
        title: "Wat er met uw bericht gebeurt",
        token: "De code van uw ontvangstbewijs",
        show: "Tonen",
        unknown: "Zo’n ontvangstbewijs bestaat niet.",
        refused: "Dat kan niet meer.",
        state: "Stand",
        states: [
            "Ontvangen",
            "In behandeling",
            "Afgehandeld",
            "Wordt zo gewist",
            "Wordt gewist",
            "Gewist",
            "Voorgoed gewist",
            "Mag door niemand worden gebruikt",
        ],
        fulfilled: "Afgehandeld",
        erase_at: "Wordt gewist",
        erased: "Gewist",
        scrubbed: "Uit alle bestanden verwijderd",
        erase: "Alles laten wissen",
        erase_hint: "Vanaf nu kan niemand het gebruiken. Over 24 uur wordt het gewist; tot dan kunt u zich bedenken.",
        cancel: "Toch bewaren",
        restrict: "Gebruik stoppen",
        restrict_hint: "Het wordt bewaard tot de termijn om is, en niemand gebruikt het.",
        unrestrict: "Gebruik weer toestaan",
        permit: "Toestaan",
        withdraw: "Intrekken",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_retention::life::State;

    #[test]
    fn every_state_can_be_said_in_every_language_that_forms_speak() {
        let ours: Vec<_> = ALL.iter().map(|words| words.tag).collect();
        assert_eq!(ours, super::super::languages::ALL.iter().map(|words| words.tag).collect::<Vec<_>>());
        for words in &ALL {
            for state in State::ALL.iter().map(|state| state.name()).chain(["restricted"]) {
                assert!(!words.state_in_words(state).is_empty(), "{state} in {}", words.tag);
            }
        }
    }
}
