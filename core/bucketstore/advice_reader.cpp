#include "core/bucketstore/advice_reader.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

namespace tarn::bucketstore {

namespace {

/// TIME--INDEX-SHARE, the name of a complaint's file.
std::optional<Advice> adviceOfName(const std::string& name) {
    const std::size_t dashes = name.find("--");
    const std::size_t last = name.rfind('-');
    if (dashes == std::string::npos || last < dashes + 2 || last + 1 >= name.size()) {
        return std::nullopt;
    }
    return Advice{name.substr(0, dashes), name.substr(dashes + 2, last - dashes - 2), name.substr(last + 1), {}};
}

/// What stands behind the first empty line, without the ends of lines around it.
std::string reasonIn(const std::filesystem::path& file, std::size_t most) {
    constexpr std::size_t head = 500;
    std::string text(head + most, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    const std::size_t begin = text.find("\n\n");
    text.erase(0, begin == std::string::npos ? text.size() : begin + 2);
    text.resize(std::min(text.size(), most));
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

}  // namespace

AdviceList readAdvice(const std::filesystem::path& folder, std::size_t most, std::size_t mostReason) {
    const auto place = folder / "corruption-advisories";
    std::vector<std::string> names;
    std::error_code error;
    for (auto each = std::filesystem::directory_iterator(place, error);
         !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
        if (std::string name = each->path().filename().string(); adviceOfName(name)) {
            names.push_back(std::move(name));
        }
    }
    // Names begin with the time.
    std::ranges::sort(names, std::ranges::greater());
    AdviceList list;
    list.total = names.size();
    names.resize(std::min(names.size(), most));
    for (const std::string& name : names) {
        Advice advice = *adviceOfName(name);
        advice.reason = reasonIn(place / name, mostReason);
        list.newest.push_back(std::move(advice));
    }
    return list;
}

}  // namespace tarn::bucketstore
