#include "core/gbs/request_head.h"

namespace tarn::gbs {

Caller::Caller(const formats::Nurl& nurl)
    : host(nurl.address()), authorization(formats::gbs::writeAuthorization(nurl.swissnum.reveal())) {}

RequestFields::RequestFields(const Request& request, const Caller& caller) {
    m_fields.reserve(8 + request.secrets.size());
    m_fields.push_back({"authorization", caller.authorization});
    m_fields.push_back({"user-agent", "tarn/0.1"});
    // Without a word any encoding would do.
    m_fields.push_back({"accept-encoding", "identity"});
    if (request.answerType != nullptr) {
        m_fields.push_back({"accept", request.answerType});
    }
    if (request.bodyType != nullptr) {
        m_fields.push_back({"content-type", request.bodyType});
    }
    if (request.body || request.verb != Request::Verb::Get) {
        m_length = std::to_string(request.body ? request.body->size() : 0);
        m_fields.push_back({"content-length", m_length});
    }
    if (request.range) {
        const bool reads = request.verb == Request::Verb::Get;
        m_range = reads ? formats::gbs::writeRange(*request.range) : formats::gbs::writeContentRange(*request.range);
        m_fields.push_back({reads ? "range" : "content-range", m_range});
    }
    if (request.along) {
        m_along = std::to_string(*request.along);
        m_fields.push_back({formats::gbs::alongField, m_along});
    }
    for (const std::string& secret : request.secrets) {
        m_fields.push_back({"x-tahoe-authorization", secret, true});
    }
}

std::string_view verbOf(Request::Verb verb) {
    switch (verb) {
    case Request::Verb::Get: return "GET";
    case Request::Verb::Post: return "POST";
    case Request::Verb::Put: return "PUT";
    case Request::Verb::Patch: return "PATCH";
    }
    return "";
}

}  // namespace tarn::gbs
