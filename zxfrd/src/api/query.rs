//! Query parameters, as the SDKs and older clients write them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Api;
use super::envelope::ResultInfo;
use super::refusal::Refusal;
use crate::catalog::Time;

/// The parameters of a request. Those that nobody asks for don't matter.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The parameter of this name; the last if there are several, none if it is empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    /// The values of a parameter that may be there several times, or have several values with commas between.
    pub(super) fn many(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        values.filter(|value| !value.is_empty()).collect()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)], default: T) -> Result<T, Refusal> {
        let Some(value) = self.one(name) else { return Ok(default) };
        words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Refusal::query(format!("The query parameter {name} is none of {}", words.join(", ")))
        })
    }

    /// A time in the form of RFC 3339.
    pub(super) fn time(&self, name: &str) -> Result<Option<Time>, Refusal> {
        let Some(value) = self.one(name) else { return Ok(None) };
        let read = value.parse();
        let time = read.map_err(|what: String| Refusal::query(format!("The query parameter {name} is {what}")));
        time.map(Some)
    }

    /// A number, from 1.
    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.one(name) else { return Ok(None) };
        match value.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(Refusal::query(format!("The query parameter {name} is not an integer from 1"))),
        }
    }

    /// Which page is asked for.
    pub(super) fn paging(&self, per_page: usize, most: usize) -> Result<Paging, Refusal> {
        let page = self.number("page")?.unwrap_or(1);
        Ok(Paging { page, per_page: self.number("per_page")?.unwrap_or(per_page).min(most) })
    }
}

impl FromRequestParts<Api> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paging {
    page: usize,
    per_page: usize,
}

impl Paging {
    /// The page. One past the end is empty: that is how the SDKs know that there are no more.
    pub(super) fn of<T>(self, items: Vec<T>) -> (Vec<T>, ResultInfo) {
        let total = items.len();
        let items: Vec<_> = items.into_iter().skip(self.skip()).take(self.take()).collect();
        let info = self.info(items.len(), total);
        (items, info)
    }

    /// How many items are before the page.
    pub(super) const fn skip(self) -> usize {
        (self.page - 1).saturating_mul(self.per_page)
    }

    /// How many items it has at most.
    pub(super) const fn take(self) -> usize {
        self.per_page
    }

    /// Which part of a list it is that has so many items of them all.
    pub(super) const fn info(self, count: usize, total_count: usize) -> ResultInfo {
        let Self { page, per_page } = self;
        ResultInfo { page, per_page, count, total_count, total_pages: total_count.div_ceil(per_page) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_repeated_or_with_commas() {
        assert_eq!(Query::parse("type=full&type=secondary").many("type"), ["full", "secondary"]);
        assert_eq!(Query::parse("type=full,secondary").many("type"), ["full", "secondary"]);
        assert_eq!(Query::parse("account.id=a%62&x").one("account.id"), Some("ab"));
        assert_eq!(Query::parse("page=&x=1").one("page"), None);
    }

    #[test]
    fn a_page_past_the_end_is_empty() {
        let paging = Query::parse("page=3&per_page=2").paging(20, 50).unwrap();
        let (items, info) = paging.of(vec![1, 2, 3, 4]);
        assert!(items.is_empty());
        assert_eq!(info, ResultInfo { page: 3, per_page: 2, count: 0, total_count: 4, total_pages: 2 });
        let (items, info) = Query::parse("page=2&per_page=3").paging(20, 50).unwrap().of(vec![1, 2, 3, 4]);
        assert_eq!((items, info.count), (vec![4], 1));
    }

    #[test]
    fn per_page_is_clamped_and_page_counts_from_1() {
        assert_eq!(Query::parse("per_page=1000").paging(20, 50).unwrap(), Paging { page: 1, per_page: 50 });
        assert_eq!(Query::parse("").paging(20, 50).unwrap(), Paging { page: 1, per_page: 20 });
        for bad in ["page=0", "page=-1", "page=x", "page=1.5", "per_page=0", "page=99999999999999999999999"] {
            assert!(Query::parse(bad).paging(20, 50).is_err(), "{bad}");
        }
    }
}
