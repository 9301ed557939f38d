#include "migrate/decide.h"

namespace cloudfolio::migrate {

Do decide(const storage::ETag& source, const std::optional<storage::ETag>& there,
          const std::optional<Row>& row) {
  if (!row) return there ? Do::compare : Do::create;
  const bool source_same = source.str() == row->source_etag;
  const bool there_same = there && there->str() == row->etag;
  switch (row->state) {
    case State::intended:
    case State::removing:
      return Do::settle;
    case State::undone:
    case State::removed:
      return there ? Do::compare : Do::create;
    case State::same:
    case State::conflict:
      if (!there) return Do::create;
      if (!source_same || !there_same) return Do::compare;
      return row->state == State::same ? Do::nothing : Do::repeat;
    case State::written:
      if (there_same) return source_same ? Do::nothing : Do::overwrite;
      return source_same ? Do::leave : Do::compare;
    case State::changed:
      return source_same ? Do::leave : Do::compare;
  }
  return Do::compare;
}

}  // namespace cloudfolio::migrate
