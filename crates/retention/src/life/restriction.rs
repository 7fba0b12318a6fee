//! Who has said that a submission may not be used, and who can take that back.

/// Who can say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The visitor, with the receipt: a restriction or an objection (GDPR, articles 18 and 21).
    Visitor,
    /// Those who work on requests.
    Staff,
}

impl Party {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Visitor, Self::Staff];

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Staff => "staff",
        }
    }
}

/// The restrictions of a submission. One is enough to stop every use; each is lifted only by those who placed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// That of the visitor.
    pub visitor: bool,
    /// That of the staff.
    pub staff: bool,
}

/// Nobody lifts the restriction of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the restriction was placed by the {}, who alone can lift it", .placed_by.name())]
pub struct NotTheirs {
    /// Who can.
    pub placed_by: Party,
}

impl Restrictions {
    /// Whether there is one.
    pub const fn any(self) -> bool {
        self.visitor || self.staff
    }

    /// Whether a party has placed one.
    pub const fn by(self, party: Party) -> bool {
        match party {
            Party::Visitor => self.visitor,
            Party::Staff => self.staff,
        }
    }

    /// Those who have placed one.
    pub fn parties(self) -> impl Iterator<Item = Party> {
        Party::ALL.into_iter().filter(move |party| self.by(*party))
    }

    /// With that of a party, who may have placed it before.
    #[must_use]
    pub const fn placed(self, by: Party) -> Self {
        self.with(by, true)
    }

    /// Without that of a party. That of the other stays; without any there is nothing to do.
    ///
    /// # Errors
    /// [`NotTheirs`], if the only one is that of the other.
    pub const fn lifted(self, by: Party) -> Result<Self, NotTheirs> {
        match (by, self) {
            (Party::Visitor, Self { visitor: false, staff: true }) => Err(NotTheirs { placed_by: Party::Staff }),
            (Party::Staff, Self { staff: false, visitor: true }) => Err(NotTheirs { placed_by: Party::Visitor }),
            _ => Ok(self.with(by, false)),
        }
    }

    const fn with(self, by: Party, placed: bool) -> Self {
        match by {
            Party::Visitor => Self { visitor: placed, ..self },
            Party::Staff => Self { staff: placed, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the other does, in whatever order, a party's restriction ends by that party's own hand.
        #[test]
        fn nobody_lifts_what_another_placed(steps in prop::collection::vec((any::<bool>(), any::<bool>()), 0..20)) {
            let mut now = Restrictions::default();
            for (visitor, place) in steps {
                let by = if visitor { Party::Visitor } else { Party::Staff };
                let other = if visitor { Party::Staff } else { Party::Visitor };
                let next = if place { Ok(now.placed(by)) } else { now.lifted(by) };
                prop_assert_eq!(next.is_err(), !place && !now.by(by) && now.by(other));
                let next = next.unwrap_or(now);
                prop_assert_eq!(next.by(other), now.by(other));
                prop_assert_eq!(next.by(by), place);
                prop_assert_eq!(next.any(), next.parties().next().is_some());
                now = next;
            }
        }
    }
}
