#include "core/api/error_text.h"

#include "core/foundation/error.h"

#include <QCoreApplication>

#include <array>

namespace tarn::api {

namespace {

/// The sentences of one code, in the source language. An empty `kept` means that there is nothing to say about it.
struct Entry {
    ErrorCode code;
    const char* what;
    const char* kept;
    const char* advice;
};

constexpr const char* context = "ErrorText";

// The codes in the order of the enum; the test walks the enum and finds every one of them here.
constexpr std::array entries{
    Entry{ErrorCode::Cancelled, QT_TRANSLATE_NOOP("ErrorText", "It was stopped before it was finished."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "Start it again whenever you like.")},
    Entry{ErrorCode::Internal, QT_TRANSLATE_NOOP("ErrorText", "Tarn made a mistake of its own."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were."),
          QT_TRANSLATE_NOOP("ErrorText",
                            "Try again. If it happens again, please report it together with the details below.")},
    Entry{ErrorCode::InvalidArgument, QT_TRANSLATE_NOOP("ErrorText", "A value that was given does not fit here."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Correct the value that the details name, and try again.")},
    Entry{ErrorCode::InvalidCapability, QT_TRANSLATE_NOOP("ErrorText", "This is not a whole link to a file."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Copy the link again, from its first to its last character: it begins with "
                                         "\"URI:\" and has no spaces or line breaks inside.")},
    Entry{ErrorCode::UnsupportedCapability,
          QT_TRANSLATE_NOOP("ErrorText", "This link is of a kind that cannot do what was asked."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "This version of Tarn reads and writes files that never change (links that "
                                         "begin with \"URI:CHK:\" or \"URI:LIT:\").")},
    Entry{ErrorCode::InvalidLocator, QT_TRANSLATE_NOOP("ErrorText", "A server's address could not be understood."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Copy the address again, whole: it begins with \"pb://\".")},
    Entry{ErrorCode::InvalidGrid,
          QT_TRANSLATE_NOOP("ErrorText", "The list of storage servers could not be understood."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText",
                            "Give a Tahoe-LAFS servers.yaml file, or the folder of a Tahoe-LAFS node that has been "
                            "connected to the grid before.")},
    Entry{ErrorCode::FileNotFound, QT_TRANSLATE_NOOP("ErrorText", "The file is not there."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Check its name and whether it was moved or deleted.")},
    Entry{ErrorCode::FileUnreadable, QT_TRANSLATE_NOOP("ErrorText", "The file is there, but it cannot be read."),
          QT_TRANSLATE_NOOP("ErrorText", "The file is as it was."),
          QT_TRANSLATE_NOOP("ErrorText", "Check that it is a file (not a folder or a device) and that you are allowed "
                                         "to read it.")},
    Entry{ErrorCode::FileUnwritable, QT_TRANSLATE_NOOP("ErrorText", "A file or folder could not be written."),
          QT_TRANSLATE_NOOP("ErrorText", "What stood at that place before is still there; no partial file is left."),
          QT_TRANSLATE_NOOP("ErrorText", "Check that the folder exists and that you are allowed to write there, or "
                                         "choose another place.")},
    Entry{ErrorCode::FileChanged, QT_TRANSLATE_NOOP("ErrorText", "The file was changed while it was being read."),
          QT_TRANSLATE_NOOP("ErrorText", "The file on this computer is whole; nothing of it was kept on the servers."),
          QT_TRANSLATE_NOOP("ErrorText", "Close the program that is writing it, then try again.")},
    Entry{ErrorCode::DiskFull, QT_TRANSLATE_NOOP("ErrorText", "The disk of this computer is full."),
          QT_TRANSLATE_NOOP("ErrorText", "What was finished before is safe; no partial file is left."),
          QT_TRANSLATE_NOOP("ErrorText", "Make room on the disk, or choose a place on another one, then try again.")},
    Entry{ErrorCode::ProfileMissing, QT_TRANSLATE_NOOP("ErrorText", "There is no Tarn profile at this place yet."), "",
          QT_TRANSLATE_NOOP("ErrorText", "Make one: run \"tarn init --home\" to store on this computer, or "
                                         "\"tarn init --grid FILE\" to join a grid.")},
    Entry{ErrorCode::ProfileExists, QT_TRANSLATE_NOOP("ErrorText", "There is a Tarn profile at this place already."),
          QT_TRANSLATE_NOOP("ErrorText", "It is as it was."),
          QT_TRANSLATE_NOOP("ErrorText", "Use it as it is, or name another folder with --profile.")},
    Entry{ErrorCode::ProfileDamaged, QT_TRANSLATE_NOOP("ErrorText", "A part of the Tarn profile is damaged."),
          QT_TRANSLATE_NOOP("ErrorText", "Every file of the profile was left exactly as it is. What is stored on the "
                                         "servers is not touched by this."),
          QT_TRANSLATE_NOOP("ErrorText", "Put back the part that the details name from a backup, or move the profile "
                                         "folder aside and make a new one with \"tarn init\".")},
    Entry{ErrorCode::ProfileLocked, QT_TRANSLATE_NOOP("ErrorText", "Another program is using this profile or store."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Close the other Tarn (look in the tray, too), then try again.")},
    Entry{ErrorCode::Unreachable, QT_TRANSLATE_NOOP("ErrorText", "A storage server could not be reached."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "Check that this computer is online and that the server is running, then try "
                                         "again.")},
    Entry{ErrorCode::TimedOut, QT_TRANSLATE_NOOP("ErrorText", "A storage server did not answer in time."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "The server or the line to it may be overloaded. Try again later.")},
    Entry{ErrorCode::WrongCertificate,
          QT_TRANSLATE_NOOP("ErrorText", "A server at this address is not the one that it should be."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was sent to it."),
          QT_TRANSLATE_NOOP("ErrorText", "Ask the person who runs the server whether its address changed. If it did "
                                         "not, somebody may be standing in between.")},
    Entry{ErrorCode::Unauthorized, QT_TRANSLATE_NOOP("ErrorText", "A storage server did not let this computer in."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "Ask the person who runs the server for its current address.")},
    Entry{ErrorCode::NotFound, QT_TRANSLATE_NOOP("ErrorText", "It is not there."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing was changed."),
          QT_TRANSLATE_NOOP("ErrorText", "Check what was asked for; it may have been stored on another grid.")},
    Entry{ErrorCode::Conflict, QT_TRANSLATE_NOOP("ErrorText", "A server holds something else at this place."),
          QT_TRANSLATE_NOOP("ErrorText", "What the server held before is still there; your file is as it was."),
          QT_TRANSLATE_NOOP("ErrorText", "Wait until any other upload of the same file is over, then try again.")},
    Entry{ErrorCode::NoSpace, QT_TRANSLATE_NOOP("ErrorText", "A storage server has no room left."),
          QT_TRANSLATE_NOOP("ErrorText", "Your file is as it was; nothing half-finished is left on the servers."),
          QT_TRANSLATE_NOOP("ErrorText", "Make room on the server (on this computer: raise its limit or free disk "
                                         "space), then try again.")},
    Entry{ErrorCode::ServerFailed, QT_TRANSLATE_NOOP("ErrorText", "A storage server reported a fault of its own."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "Try again later. If it stays, tell the person who runs the server.")},
    Entry{ErrorCode::ProtocolViolation,
          QT_TRANSLATE_NOOP("ErrorText", "A storage server gave an answer that makes no sense."),
          QT_TRANSLATE_NOOP("ErrorText", "Your files are as they were; nothing half-finished is left behind."),
          QT_TRANSLATE_NOOP("ErrorText", "Something else may be listening at its address. Tell the person who runs the "
                                         "server.")},
    Entry{ErrorCode::NotEnoughServers,
          QT_TRANSLATE_NOOP("ErrorText", "Too few storage servers could take a part of the file for it to be safe."),
          QT_TRANSLATE_NOOP("ErrorText", "Your file is as it was; what had been sent was taken back from the servers."),
          QT_TRANSLATE_NOOP("ErrorText", "Try again when more servers can be reached and have room, or ask for fewer "
                                         "servers (--happy), which is less safe.")},
    Entry{ErrorCode::NotEnoughShares,
          QT_TRANSLATE_NOOP("ErrorText", "Too few pieces of the file could be found to put it together again."),
          QT_TRANSLATE_NOOP("ErrorText", "The pieces that were found are still on their servers; no partial file is "
                                         "left on this computer."),
          QT_TRANSLATE_NOOP("ErrorText", "Try again when more servers can be reached: any servers that hold enough "
                                         "pieces bring it back.")},
    Entry{ErrorCode::CorruptShare, QT_TRANSLATE_NOOP("ErrorText", "A piece of the file was damaged on a server."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing that failed its check was written."),
          QT_TRANSLATE_NOOP("ErrorText", "Try again: other pieces may still be whole. The server has been told.")},
    Entry{ErrorCode::CorruptFile,
          QT_TRANSLATE_NOOP("ErrorText", "What the servers hold does not match the link to the file."),
          QT_TRANSLATE_NOOP("ErrorText", "Nothing that failed its check was written; no partial file is left."),
          QT_TRANSLATE_NOOP("ErrorText", "Copy the link again. If it is right, the file was damaged when it was "
                                         "stored, and must be stored again.")},
};

constexpr std::size_t fallback = 1;
static_assert(entries[fallback].code == ErrorCode::Internal);

}  // namespace

ErrorText errorText(const QString& errorCode) {
    const Entry* found = &entries[fallback];
    for (const auto& entry : entries) {
        const auto name = errorName(entry.code);
        if (errorCode == QLatin1String(name.data(), static_cast<qsizetype>(name.size()))) {
            found = &entry;
            break;
        }
    }
    const auto translated = [](const char* text) {
        return *text == '\0' ? QString() : QCoreApplication::translate(context, text);
    };
    return {translated(found->what), translated(found->kept), translated(found->advice)};
}

}  // namespace tarn::api
