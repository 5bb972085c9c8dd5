#pragma once

#include "core/formats/nurl.h"
#include "core/gbs/request.h"

#include <string>
#include <string_view>
#include <vector>

namespace tarn::gbs {

/// What every request to one server says of it and of us.
struct Caller {
    explicit Caller(const formats::Nurl& nurl);
    std::string host;           ///< and port, as the NURL has them
    std::string authorization;  ///< secret
};

/// One field of a request's head. The views last as long as the request, the caller, and `texts`.
struct Field {
    std::string_view name;  ///< in lower case
    std::string_view value;
    bool secret = false;  ///< to be kept out of tables that compress heads
};

/// The fields of a request's head, but for its first line and its host. A head is made at once and then forgotten.
class RequestFields {
public:
    RequestFields(const Request& request, const Caller& caller);
    RequestFields(const RequestFields&) = delete;
    RequestFields& operator=(const RequestFields&) = delete;
    ~RequestFields() = default;

    [[nodiscard]] const std::vector<Field>& fields() const noexcept { return m_fields; }

private:
    std::string m_length;
    std::string m_range;
    std::string m_along;
    std::vector<Field> m_fields;
};

[[nodiscard]] std::string_view verbOf(Request::Verb verb);

}  // namespace tarn::gbs
