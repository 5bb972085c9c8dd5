<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>ErrorText</name>
    <message>
        <source>It was stopped before it was finished.</source>
        <translation>Der Vorgang wurde vor dem Ende angehalten.</translation>
    </message>
    <message>
        <source>Your files are as they were; nothing half-finished is left behind.</source>
        <translation>Ihre Dateien sind unverändert; nichts Halbfertiges bleibt zurück.</translation>
    </message>
    <message>
        <source>Start it again whenever you like.</source>
        <translation>Starten Sie ihn wieder, wann Sie möchten.</translation>
    </message>
    <message>
        <source>Tarn made a mistake of its own.</source>
        <translation>Tarn hat selbst einen Fehler gemacht.</translation>
    </message>
    <message>
        <source>Your files are as they were.</source>
        <translation>Ihre Dateien sind unverändert.</translation>
    </message>
    <message>
        <source>Try again. If it happens again, please report it together with the details below.</source>
        <translation>Versuchen Sie es noch einmal. Wenn es wieder geschieht, melden Sie es bitte zusammen mit den Einzelheiten unten.</translation>
    </message>
    <message>
        <source>A value that was given does not fit here.</source>
        <translation>Ein angegebener Wert passt hier nicht.</translation>
    </message>
    <message>
        <source>Nothing was changed.</source>
        <translation>Es wurde nichts geändert.</translation>
    </message>
    <message>
        <source>Correct the value that the details name, and try again.</source>
        <translation>Berichtigen Sie den Wert, den die Einzelheiten nennen, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>This is not a whole link to a file.</source>
        <translation>Dies ist kein vollständiger Link zu einer Datei.</translation>
    </message>
    <message>
        <source>Copy the link again, from its first to its last character: it begins with "URI:" and has no spaces or line breaks inside.</source>
        <translation>Kopieren Sie den Link noch einmal, vom ersten bis zum letzten Zeichen: Er beginnt mit „URI:“ und enthält keine Leerzeichen oder Zeilenumbrüche.</translation>
    </message>
    <message>
        <source>This link is of a kind that cannot do what was asked.</source>
        <translation>Ein Link dieser Art kann nicht, was verlangt wurde.</translation>
    </message>
    <message>
        <source>This version of Tarn reads and writes files that never change (links that begin with "URI:CHK:" or "URI:LIT:").</source>
        <translation>Diese Version von Tarn liest und schreibt unveränderliche Dateien (Links, die mit „URI:CHK:“ oder „URI:LIT:“ beginnen).</translation>
    </message>
    <message>
        <source>A server's address could not be understood.</source>
        <translation>Die Adresse eines Servers ist nicht zu verstehen.</translation>
    </message>
    <message>
        <source>Copy the address again, whole: it begins with "pb://".</source>
        <translation>Kopieren Sie die Adresse noch einmal vollständig: Sie beginnt mit „pb://“.</translation>
    </message>
    <message>
        <source>The list of storage servers could not be understood.</source>
        <translation>Die Liste der Speicherserver ist nicht zu verstehen.</translation>
    </message>
    <message>
        <source>Give a Tahoe-LAFS servers.yaml file, or the folder of a Tahoe-LAFS node that has been connected to the grid before.</source>
        <translation>Geben Sie eine servers.yaml von Tahoe-LAFS an oder den Ordner eines Tahoe-LAFS-Knotens, der schon mit dem Grid verbunden war.</translation>
    </message>
    <message>
        <source>The file is not there.</source>
        <translation>Die Datei ist nicht da.</translation>
    </message>
    <message>
        <source>Check its name and whether it was moved or deleted.</source>
        <translation>Prüfen Sie den Namen und ob die Datei verschoben oder gelöscht wurde.</translation>
    </message>
    <message>
        <source>The file is there, but it cannot be read.</source>
        <translation>Die Datei ist da, lässt sich aber nicht lesen.</translation>
    </message>
    <message>
        <source>The file is as it was.</source>
        <translation>Die Datei ist unverändert.</translation>
    </message>
    <message>
        <source>Check that it is a file (not a folder or a device) and that you are allowed to read it.</source>
        <translation>Prüfen Sie, ob es eine Datei ist (kein Ordner oder Gerät) und ob Sie sie lesen dürfen.</translation>
    </message>
    <message>
        <source>A file or folder could not be written.</source>
        <translation>Eine Datei oder ein Ordner ließ sich nicht schreiben.</translation>
    </message>
    <message>
        <source>What stood at that place before is still there; no partial file is left.</source>
        <translation>Was vorher an dieser Stelle stand, ist noch da; keine halbe Datei bleibt zurück.</translation>
    </message>
    <message>
        <source>Check that the folder exists and that you are allowed to write there, or choose another place.</source>
        <translation>Prüfen Sie, ob es den Ordner gibt und Sie dort schreiben dürfen, oder wählen Sie einen anderen Ort.</translation>
    </message>
    <message>
        <source>The file was changed while it was being read.</source>
        <translation>Die Datei wurde geändert, während sie gelesen wurde.</translation>
    </message>
    <message>
        <source>The file on this computer is whole; nothing of it was kept on the servers.</source>
        <translation>Die Datei auf diesem Computer ist heil; auf den Servern blieb nichts davon.</translation>
    </message>
    <message>
        <source>Close the program that is writing it, then try again.</source>
        <translation>Schließen Sie das Programm, das sie schreibt, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>The disk of this computer is full.</source>
        <translation>Der Datenträger dieses Computers ist voll.</translation>
    </message>
    <message>
        <source>What was finished before is safe; no partial file is left.</source>
        <translation>Was vorher fertig war, ist sicher; keine halbe Datei bleibt zurück.</translation>
    </message>
    <message>
        <source>Make room on the disk, or choose a place on another one, then try again.</source>
        <translation>Schaffen Sie Platz oder wählen Sie einen anderen Datenträger, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>There is no Tarn profile at this place yet.</source>
        <translation>An diesem Ort gibt es noch kein Tarn-Profil.</translation>
    </message>
    <message>
        <source>Make one: run "tarn init --home" to store on this computer, or "tarn init --grid FILE" to join a grid.</source>
        <translation>Legen Sie eines an: „tarn init --home“ speichert auf diesem Computer, „tarn init --grid DATEI“ tritt einem Grid bei.</translation>
    </message>
    <message>
        <source>There is a Tarn profile at this place already.</source>
        <translation>An diesem Ort gibt es schon ein Tarn-Profil.</translation>
    </message>
    <message>
        <source>It is as it was.</source>
        <translation>Es ist unverändert.</translation>
    </message>
    <message>
        <source>Use it as it is, or name another folder with --profile.</source>
        <translation>Verwenden Sie es so oder nennen Sie mit --profile einen anderen Ordner.</translation>
    </message>
    <message>
        <source>A part of the Tarn profile is damaged.</source>
        <translation>Ein Teil des Tarn-Profils ist beschädigt.</translation>
    </message>
    <message>
        <source>Every file of the profile was left exactly as it is. What is stored on the servers is not touched by this.</source>
        <translation>Jede Datei des Profils blieb genau, wie sie ist. Was auf den Servern liegt, ist davon nicht berührt.</translation>
    </message>
    <message>
        <source>Put back the part that the details name from a backup, or move the profile folder aside and make a new one with "tarn init".</source>
        <translation>Holen Sie den Teil, den die Einzelheiten nennen, aus einer Sicherung zurück, oder schieben Sie den Profilordner beiseite und legen Sie mit „tarn init“ einen neuen an.</translation>
    </message>
    <message>
        <source>Another program is using this profile or store.</source>
        <translation>Ein anderes Programm verwendet dieses Profil oder diesen Speicher.</translation>
    </message>
    <message>
        <source>Close the other Tarn (look in the tray, too), then try again.</source>
        <translation>Beenden Sie das andere Tarn (sehen Sie auch im Infobereich nach) und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>A storage server could not be reached.</source>
        <translation>Ein Speicherserver war nicht zu erreichen.</translation>
    </message>
    <message>
        <source>Check that this computer is online and that the server is running, then try again.</source>
        <translation>Prüfen Sie, ob dieser Computer online ist und der Server läuft, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>A storage server did not answer in time.</source>
        <translation>Ein Speicherserver hat nicht rechtzeitig geantwortet.</translation>
    </message>
    <message>
        <source>The server or the line to it may be overloaded. Try again later.</source>
        <translation>Der Server oder die Leitung dorthin ist vielleicht überlastet. Versuchen Sie es später noch einmal.</translation>
    </message>
    <message>
        <source>A server at this address is not the one that it should be.</source>
        <translation>Der Server an dieser Adresse ist nicht der, der er sein sollte.</translation>
    </message>
    <message>
        <source>Nothing was sent to it.</source>
        <translation>Es wurde nichts an ihn gesendet.</translation>
    </message>
    <message>
        <source>Ask the person who runs the server whether its address changed. If it did not, somebody may be standing in between.</source>
        <translation>Fragen Sie, wer den Server betreibt, ob sich seine Adresse geändert hat. Wenn nicht, steht vielleicht jemand dazwischen.</translation>
    </message>
    <message>
        <source>A storage server did not let this computer in.</source>
        <translation>Ein Speicherserver hat diesen Computer nicht eingelassen.</translation>
    </message>
    <message>
        <source>Ask the person who runs the server for its current address.</source>
        <translation>Fragen Sie, wer den Server betreibt, nach seiner jetzigen Adresse.</translation>
    </message>
    <message>
        <source>It is not there.</source>
        <translation>Es ist nicht da.</translation>
    </message>
    <message>
        <source>Check what was asked for; it may have been stored on another grid.</source>
        <translation>Prüfen Sie, was verlangt wurde; vielleicht liegt es auf einem anderen Grid.</translation>
    </message>
    <message>
        <source>A server holds something else at this place.</source>
        <translation>Ein Server hat an dieser Stelle etwas anderes.</translation>
    </message>
    <message>
        <source>What the server held before is still there; your file is as it was.</source>
        <translation>Was der Server vorher hatte, ist noch da; Ihre Datei ist unverändert.</translation>
    </message>
    <message>
        <source>Wait until any other upload of the same file is over, then try again.</source>
        <translation>Warten Sie, bis jedes andere Hochladen derselben Datei vorbei ist, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>A storage server has no room left.</source>
        <translation>Ein Speicherserver hat keinen Platz mehr.</translation>
    </message>
    <message>
        <source>Your file is as it was; nothing half-finished is left on the servers.</source>
        <translation>Ihre Datei ist unverändert; auf den Servern bleibt nichts Halbfertiges.</translation>
    </message>
    <message>
        <source>Make room on the server (on this computer: raise its limit or free disk space), then try again.</source>
        <translation>Schaffen Sie Platz auf dem Server (auf diesem Computer: Grenze anheben oder Platz freigeben) und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>A storage server reported a fault of its own.</source>
        <translation>Ein Speicherserver hat einen eigenen Fehler gemeldet.</translation>
    </message>
    <message>
        <source>Try again later. If it stays, tell the person who runs the server.</source>
        <translation>Versuchen Sie es später noch einmal. Wenn es bleibt, sagen Sie es, wer den Server betreibt.</translation>
    </message>
    <message>
        <source>A storage server gave an answer that makes no sense.</source>
        <translation>Ein Speicherserver hat eine Antwort ohne Sinn gegeben.</translation>
    </message>
    <message>
        <source>Something else may be listening at its address. Tell the person who runs the server.</source>
        <translation>Vielleicht antwortet an seiner Adresse etwas anderes. Sagen Sie es dem Betreiber des Servers.</translation>
    </message>
    <message>
        <source>Too few storage servers could take a part of the file for it to be safe.</source>
        <translation>Zu wenige Speicherserver konnten ein Stück der Datei nehmen, als dass sie sicher wäre.</translation>
    </message>
    <message>
        <source>Your file is as it was; what had been sent was taken back from the servers.</source>
        <translation>Ihre Datei ist unverändert; was schon gesendet war, wurde von den Servern zurückgenommen.</translation>
    </message>
    <message>
        <source>Try again when more servers can be reached and have room, or ask for fewer servers (--happy), which is less safe.</source>
        <translation>Versuchen Sie es noch einmal, wenn mehr Server erreichbar sind und Platz haben, oder verlangen Sie weniger Server (--happy), was weniger sicher ist.</translation>
    </message>
    <message>
        <source>Too few pieces of the file could be found to put it together again.</source>
        <translation>Es waren zu wenige Stücke der Datei zu finden, um sie wieder zusammenzusetzen.</translation>
    </message>
    <message>
        <source>The pieces that were found are still on their servers; no partial file is left on this computer.</source>
        <translation>Die gefundenen Stücke sind noch auf ihren Servern; auf diesem Computer bleibt keine halbe Datei.</translation>
    </message>
    <message>
        <source>Try again when more servers can be reached: any servers that hold enough pieces bring it back.</source>
        <translation>Versuchen Sie es noch einmal, wenn mehr Server erreichbar sind: Alle Server mit zusammen genug Stücken bringen sie zurück.</translation>
    </message>
    <message>
        <source>A piece of the file was damaged on a server.</source>
        <translation>Ein Stück der Datei war auf einem Server beschädigt.</translation>
    </message>
    <message>
        <source>Nothing that failed its check was written.</source>
        <translation>Was die Prüfung nicht bestand, wurde nicht geschrieben.</translation>
    </message>
    <message>
        <source>Try again: other pieces may still be whole. The server has been told.</source>
        <translation>Versuchen Sie es noch einmal: Andere Stücke sind vielleicht heil. Der Server weiß Bescheid.</translation>
    </message>
    <message>
        <source>What the servers hold does not match the link to the file.</source>
        <translation>Was die Server haben, passt nicht zum Link der Datei.</translation>
    </message>
    <message>
        <source>Nothing that failed its check was written; no partial file is left.</source>
        <translation>Was die Prüfung nicht bestand, wurde nicht geschrieben; keine halbe Datei bleibt zurück.</translation>
    </message>
    <message>
        <source>Copy the link again. If it is right, the file was damaged when it was stored, and must be stored again.</source>
        <translation>Kopieren Sie den Link noch einmal. Wenn er stimmt, wurde die Datei beim Speichern beschädigt und muss neu gespeichert werden.</translation>
    </message>
</context>
<context>
    <name>GridWords</name>
    <message>
        <source>1 server: this computer</source>
        <translation>1 Server: dieser Computer</translation>
    </message>
    <message numerus="yes">
        <source>%n server(s)</source>
        <translation>
            <numerusform>%n Server</numerusform>
            <numerusform>%n Server</numerusform>
        </translation>
    </message>
    <message>
        <source>Each file is encrypted and kept once, on this computer. If its disk fails, the files are gone.</source>
        <translation>Jede Datei wird verschlüsselt und einmal auf diesem Computer aufbewahrt. Fällt sein Datenträger aus, sind die Dateien verloren.</translation>
    </message>
    <message>
        <source>Each file is encrypted and cut into %1 pieces; any %2 of them rebuild it.</source>
        <translation>Jede Datei wird verschlüsselt und in %1 Stücke geteilt; beliebige %2 davon stellen sie wieder her.</translation>
    </message>
    <message>
        <source>All of them are on one server: if it fails, the files are gone.</source>
        <translation>Alle liegen auf einem Server: Fällt er aus, sind die Dateien verloren.</translation>
    </message>
    <message>
        <source>One server that fails may take files with it.</source>
        <translation>Schon ein Server, der ausfällt, kann Dateien mitnehmen.</translation>
    </message>
    <message numerus="yes">
        <source>At least %n server(s) may fail.</source>
        <translation>
            <numerusform>Mindestens %n Server darf ausfallen.</numerusform>
            <numerusform>Mindestens %n Server dürfen ausfallen.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>HomeServerWords</name>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Startet …</translation>
    </message>
    <message>
        <source>On</source>
        <translation>An</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>Hält an …</translation>
    </message>
    <message>
        <source>Could not start</source>
        <translation>Konnte nicht starten</translation>
    </message>
    <message>
        <source>Run by another program</source>
        <translation>Läuft in einem anderen Programm</translation>
    </message>
    <message>
        <source>It takes and hands out pieces of files while Tarn runs.</source>
        <translation>Er nimmt Stücke von Dateien an und gibt sie heraus, solange Tarn läuft.</translation>
    </message>
    <message>
        <source>It opens its store. This takes a moment.</source>
        <translation>Er öffnet seinen Speicher. Das dauert einen Augenblick.</translation>
    </message>
    <message>
        <source>It finishes what it is doing.</source>
        <translation>Er beendet noch, was er tut.</translation>
    </message>
    <message>
        <source>Files cannot be stored or fetched until it is on again. What it holds is kept.</source>
        <translation>Bis er wieder an ist, lassen sich keine Dateien speichern oder holen. Was er hat, bleibt erhalten.</translation>
    </message>
    <message>
        <source>It takes and hands out nothing. What it holds is kept.</source>
        <translation>Er nimmt nichts an und gibt nichts heraus. Was er hat, bleibt erhalten.</translation>
    </message>
    <message>
        <source>Another program on this computer, such as “tarn serve”, runs the server. Stop it there to switch it here.</source>
        <translation>Ein anderes Programm auf diesem Computer, etwa „tarn serve“, betreibt den Server. Beenden Sie es dort, um ihn hier zu schalten.</translation>
    </message>
    <message numerus="yes">
        <source>%Ln piece(s)</source>
        <translation>
            <numerusform>%Ln Stück</numerusform>
            <numerusform>%Ln Stücke</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, %2</source>
        <comment>so many pieces, their size</comment>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>QuantityWords</name>
    <message numerus="yes">
        <source>%n byte(s)</source>
        <translation>
            <numerusform>%n Byte</numerusform>
            <numerusform>%n Byte</numerusform>
        </translation>
    </message>
    <message>
        <source>%1/s</source>
        <comment>a speed: %1 is a size</comment>
        <translation>%1/s</translation>
    </message>
    <message>
        <source>%1 s left</source>
        <translation>noch %1 s</translation>
    </message>
    <message>
        <source>%1 min left</source>
        <translation>noch %1 min</translation>
    </message>
    <message>
        <source>%1 h %2 min left</source>
        <translation>noch %1 h %2 min</translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) left</source>
        <translation>
            <numerusform>noch %n Tag</numerusform>
            <numerusform>noch %n Tage</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TransferRow</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Copy link</source>
        <translation>Link kopieren</translation>
    </message>
    <message>
        <source>Save a copy…</source>
        <translation>Kopie sichern …</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
</context>
<context>
    <name>TransferTotals</name>
    <message numerus="yes">
        <source>%n running</source>
        <translation>
            <numerusform>%n läuft</numerusform>
            <numerusform>%n laufen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n wartet</numerusform>
            <numerusform>%n warten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n done</source>
        <translation>
            <numerusform>%n fertig</numerusform>
            <numerusform>%n fertig</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n failed</source>
        <translation>
            <numerusform>%n fehlgeschlagen</numerusform>
            <numerusform>%n fehlgeschlagen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cancelled</source>
        <translation>
            <numerusform>%n abgebrochen</numerusform>
            <numerusform>%n abgebrochen</numerusform>
        </translation>
    </message>
    <message>
        <source>No transfers</source>
        <translation>Keine Übertragungen</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>sizes: done of all</comment>
        <translation>%1 von %2</translation>
    </message>
    <message numerus="yes">
        <source>%n paused</source>
        <translation>
            <numerusform>%n angehalten</numerusform>
            <numerusform>%n angehalten</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TransferWords</name>
    <message>
        <source>Hashing</source>
        <comment>phase</comment>
        <translation>Hashen</translation>
    </message>
    <message>
        <source>Allocate</source>
        <comment>phase</comment>
        <translation>Reservieren</translation>
    </message>
    <message>
        <source>Shares</source>
        <comment>phase</comment>
        <translation>Shares</translation>
    </message>
    <message>
        <source>Hash trees</source>
        <comment>phase</comment>
        <translation>Hashbäume</translation>
    </message>
    <message>
        <source>UEB</source>
        <comment>phase: URI extension block</comment>
        <translation>UEB</translation>
    </message>
    <message>
        <source>Close</source>
        <comment>phase</comment>
        <translation>Abschluss</translation>
    </message>
    <message>
        <source>Finding shares</source>
        <comment>phase</comment>
        <translation>Shares suchen</translation>
    </message>
    <message>
        <source>Reading</source>
        <comment>phase</comment>
        <translation>Lesen</translation>
    </message>
    <message>
        <source>Done</source>
        <comment>phase</comment>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>Wartet, bis sie an der Reihe ist</translation>
    </message>
    <message>
        <source>Reading the file to make its key</source>
        <translation>Liest die Datei, um ihren Schlüssel zu bilden</translation>
    </message>
    <message>
        <source>Making room</source>
        <translation>Macht Platz</translation>
    </message>
    <message>
        <source>Asking servers for room</source>
        <translation>Fragt Server nach Platz</translation>
    </message>
    <message>
        <source>Storing it on this computer</source>
        <translation>Speichert sie auf diesem Computer</translation>
    </message>
    <message>
        <source>Sending pieces</source>
        <translation>Sendet Stücke</translation>
    </message>
    <message numerus="yes">
        <source>Sending pieces to %n server(s)</source>
        <translation>
            <numerusform>Sendet Stücke an %n Server</numerusform>
            <numerusform>Sendet Stücke an %n Server</numerusform>
        </translation>
    </message>
    <message>
        <source>Sealing the pieces with checksums</source>
        <translation>Versiegelt die Stücke mit Prüfsummen</translation>
    </message>
    <message>
        <source>Adding the summary that checks them all</source>
        <translation>Ergänzt die Übersicht, die alle prüft</translation>
    </message>
    <message>
        <source>Looking for the pieces</source>
        <translation>Sucht die Stücke</translation>
    </message>
    <message numerus="yes">
        <source>Fetching and checking pieces from %n server(s)</source>
        <translation>
            <numerusform>Holt und prüft Stücke von %n Server</numerusform>
            <numerusform>Holt und prüft Stücke von %n Servern</numerusform>
        </translation>
    </message>
    <message>
        <source>Fetching and checking the pieces</source>
        <translation>Holt und prüft die Stücke</translation>
    </message>
    <message>
        <source>Cancelled. Your own file is untouched.</source>
        <translation>Abgebrochen. Ihre eigene Datei ist unberührt.</translation>
    </message>
    <message>
        <source>So small that its link holds all of it: no server has it. Keep the link.</source>
        <translation>So klein, dass ihr Link sie ganz enthält: Kein Server hat sie. Bewahren Sie den Link auf.</translation>
    </message>
    <message>
        <source>Stored.</source>
        <translation>Gespeichert.</translation>
    </message>
    <message>
        <source>Stored on this computer only: 1 copy.</source>
        <translation>Nur auf diesem Computer gespeichert: 1 Kopie.</translation>
    </message>
    <message>
        <source>Stored on one server only. If it fails, the file is lost.</source>
        <translation>Nur auf einem Server gespeichert. Fällt er aus, ist die Datei verloren.</translation>
    </message>
    <message numerus="yes">
        <source>Stored on %n server(s), but losing one of them loses the file.</source>
        <translation>
            <numerusform>Auf %n Server gespeichert; fällt er aus, ist die Datei verloren.</numerusform>
            <numerusform>Auf %n Servern gespeichert, doch fällt einer aus, ist die Datei verloren.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Safe: any %n of %1 piece(s) rebuild it.</source>
        <translation>
            <numerusform>Sicher: %n beliebiges von %1 Stücken stellt sie wieder her.</numerusform>
            <numerusform>Sicher: beliebige %n von %1 Stücken stellen sie wieder her.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of %1 server(s) may fail.</source>
        <translation>
            <numerusform>%n von %1 Servern darf ausfallen.</numerusform>
            <numerusform>%n von %1 Servern dürfen ausfallen.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n piece(s)</source>
        <translation>
            <numerusform>%n Stück</numerusform>
            <numerusform>%n Stücke</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 on this computer</source>
        <comment>%1: so many pieces</comment>
        <translation>%1 auf diesem Computer</translation>
    </message>
    <message numerus="yes">
        <source>%1 on %n server(s)</source>
        <comment>%1: so many pieces</comment>
        <translation>
            <numerusform>%1 auf %n Server</numerusform>
            <numerusform>%1 auf %n Servern</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>sizes: done of all</comment>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Piece %1: waiting</source>
        <translation>Stück %1: wartet</translation>
    </message>
    <message>
        <source>Piece %1: waiting for %2</source>
        <translation>Stück %1: wartet auf %2</translation>
    </message>
    <message>
        <source>Piece %1: on its way to %2</source>
        <translation>Stück %1: unterwegs zu %2</translation>
    </message>
    <message>
        <source>Piece %1: stored on %2</source>
        <translation>Stück %1: gespeichert auf %2</translation>
    </message>
    <message>
        <source>Piece %1: was already on %2</source>
        <translation>Stück %1: war schon auf %2</translation>
    </message>
    <message>
        <source>Piece %1: lost</source>
        <translation>Stück %1: verloren</translation>
    </message>
    <message>
        <source>Piece %1: lost with %2</source>
        <translation>Stück %1: mit %2 verloren</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>Hochladen</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>direction and file name</comment>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Detail: %1</source>
        <translation>Einzelheit: %1</translation>
    </message>
    <message>
        <source>Saved. Every byte was checked.</source>
        <translation>Gesichert. Jedes Byte wurde geprüft.</translation>
    </message>
    <message>
        <source>Making sure it is on the disk</source>
        <translation>Stellt sicher, dass sie auf dem Datenträger ist</translation>
    </message>
    <message>
        <source>Servers make sure their pieces are on disk</source>
        <translation>Server sichern ihre Stücke auf den Datenträger</translation>
    </message>
    <message>
        <source>%1 (%2/%3)</source>
        <comment>the phase's name, its place among the phases</comment>
        <translation>%1 (%2/%3)</translation>
    </message>
    <message>
        <source>Paused. It goes on where it stopped.</source>
        <translation>Angehalten. Es geht dort weiter, wo es aufgehört hat.</translation>
    </message>
    <message>
        <source>Tries again at %1: %2</source>
        <comment>time of day, what went wrong</comment>
        <translation>Neuer Versuch um %1: %2</translation>
    </message>
    <message>
        <source>Waiting for its turn, before others</source>
        <translation>Wartet, kommt vor anderen dran</translation>
    </message>
    <message>
        <source>Waiting for its turn, after others</source>
        <translation>Wartet, kommt nach anderen dran</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Keep files on a Tahoe-LAFS grid.</source>
        <translation>Dateien auf einem Tahoe-LAFS-Grid aufbewahren.</translation>
    </message>
    <message>
        <source>Use the profile in this folder.</source>
        <translation>Das Profil in diesem Ordner verwenden.</translation>
    </message>
    <message>
        <source>Files to store.</source>
        <translation>Dateien, die gespeichert werden sollen.</translation>
    </message>
    <message>
        <source>Tarn runs already with this profile, but did not answer. Nothing was queued. Quit it and try again.</source>
        <translation>Tarn läuft schon mit diesem Profil, hat aber nicht geantwortet. Nichts wurde eingereiht. Beenden Sie es und versuchen Sie es noch einmal.</translation>
    </message>
</context>
<context>
    <name>tarn::ui::CopySaver</name>
    <message>
        <source>Save a copy</source>
        <translation>Kopie sichern</translation>
    </message>
    <message numerus="yes">
        <source>Save %n copies</source>
        <translation>
            <numerusform>%n Kopie sichern</numerusform>
            <numerusform>%n Kopien sichern</numerusform>
        </translation>
    </message>
    <message>
        <source>copy</source>
        <translation>Kopie</translation>
    </message>
</context>
<context>
    <name>tarn::ui::DropArea</name>
    <message>
        <source>Drop files here</source>
        <translation>Dateien hier ablegen</translation>
    </message>
    <message>
        <source>Add files…</source>
        <translation>Dateien hinzufügen …</translation>
    </message>
</context>
<context>
    <name>tarn::ui::DropOverlay</name>
    <message numerus="yes">
        <source>Drop to store %n file(s)</source>
        <translation>
            <numerusform>Loslassen, um %n Datei zu speichern</numerusform>
            <numerusform>Loslassen, um %n Dateien zu speichern</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::FirstRunPage</name>
    <message>
        <source>Welcome to Tarn</source>
        <translation>Willkommen bei Tarn</translation>
    </message>
    <message>
        <source>Tarn encrypts your files on this computer and keeps them on storage servers that cannot read them. Where shall they be kept?</source>
        <translation>Tarn verschlüsselt Ihre Dateien auf diesem Computer und bewahrt sie auf Speicherservern auf, die sie nicht lesen können. Wo sollen sie liegen?</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Computer</translation>
    </message>
    <message>
        <source>Tarn runs a storage server of its own here. There is nothing to set up.</source>
        <translation>Tarn betreibt hier einen eigenen Speicherserver. Es gibt nichts einzurichten.</translation>
    </message>
    <message>
        <source>Here: 1 copy, on this computer. If its disk fails, the files are gone.</source>
        <translation>Hier: 1 Kopie, auf diesem Computer. Fällt sein Datenträger aus, sind die Dateien verloren.</translation>
    </message>
    <message>
        <source>On a grid of ten servers, for comparison: any 3 of 10 pieces rebuild a file, so 7 servers may fail.</source>
        <translation>Zum Vergleich ein Grid aus zehn Servern: Beliebige 3 von 10 Stücken stellen eine Datei wieder her, also dürfen 7 Server ausfallen.</translation>
    </message>
    <message>
        <source>Start on this computer</source>
        <translation>Auf diesem Computer beginnen</translation>
    </message>
    <message>
        <source>Are you part of a Tahoe-LAFS grid already? Run “tarn init --grid FILE” in a terminal, then start this program again.</source>
        <translation>Gehören Sie schon zu einem Tahoe-LAFS-Grid? Führen Sie „tarn init --grid DATEI“ in einem Terminal aus und starten Sie dieses Programm neu.</translation>
    </message>
</context>
<context>
    <name>tarn::ui::LimitsPanel</name>
    <message>
        <source>Pause while the connection is metered</source>
        <translation>Bei getakteter Verbindung anhalten</translation>
    </message>
    <message>
        <source> kB/s</source>
        <translation> kB/s</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>keine Grenze</translation>
    </message>
    <message>
        <source>Upload at most</source>
        <translation>Hochladen höchstens</translation>
    </message>
    <message>
        <source>Download at most</source>
        <translation>Herunterladen höchstens</translation>
    </message>
    <message>
        <source>To each server</source>
        <translation>Zu jedem Server</translation>
    </message>
    <message>
        <source>From each server</source>
        <translation>Von jedem Server</translation>
    </message>
</context>
<context>
    <name>tarn::ui::LinkCopier</name>
    <message>
        <source>Copy link</source>
        <translation>Link kopieren</translation>
    </message>
    <message>
        <source>A link is a key: whoever has it can read the file.</source>
        <translation>Ein Link ist ein Schlüssel: Wer ihn hat, kann die Datei lesen.</translation>
    </message>
    <message>
        <source>It cannot be called back once you have given it away. Nobody can change the file with it. Keep it: without its link nobody can read the file, not even you.

This is said only once.</source>
        <translation>Ist er einmal weitergegeben, lässt er sich nicht zurückholen. Ändern kann die Datei niemand mit ihm. Bewahren Sie ihn auf: Ohne ihren Link kann niemand die Datei lesen, auch Sie nicht.

Dieser Hinweis kommt nur einmal.</translation>
    </message>
</context>
<context>
    <name>tarn::ui::MainWindow</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Transfer</source>
        <translation>Ü&amp;bertragung</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Transfers</source>
        <translation>Ü&amp;bertragungen</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>&amp;Einstellungen</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;About Tarn</source>
        <translation>&amp;Über Tarn</translation>
    </message>
    <message numerus="yes">
        <source>%n item(s) left out: only files on this computer can be stored. Save them here first.</source>
        <translation>
            <numerusform>%n Eintrag ausgelassen: Nur Dateien auf diesem Computer lassen sich speichern. Sichern Sie ihn erst hier.</numerusform>
            <numerusform>%n Einträge ausgelassen: Nur Dateien auf diesem Computer lassen sich speichern. Sichern Sie sie erst hier.</numerusform>
        </translation>
    </message>
    <message>
        <source>About Tarn</source>
        <translation>Über Tarn</translation>
    </message>
    <message>
        <source>Files, encrypted on this computer and kept on Tahoe-LAFS storage servers.</source>
        <translation>Dateien, auf diesem Computer verschlüsselt und auf Tahoe-LAFS-Speicherservern aufbewahrt.</translation>
    </message>
</context>
<context>
    <name>tarn::ui::NoticeBar</name>
    <message>
        <source>Close this notice</source>
        <translation>Diesen Hinweis schließen</translation>
    </message>
    <message numerus="yes">
        <source>And %n more.</source>
        <translation>
            <numerusform>Und %n weiterer.</numerusform>
            <numerusform>Und %n weitere.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::OpeningPage</name>
    <message>
        <source>Getting ready…</source>
        <translation>Macht sich bereit …</translation>
    </message>
</context>
<context>
    <name>tarn::ui::SettingsPage</name>
    <message>
        <source>Storage server on this computer</source>
        <translation>Speicherserver auf diesem Computer</translation>
    </message>
    <message>
        <source>Holds</source>
        <translation>Inhalt</translation>
    </message>
    <message>
        <source>Free space</source>
        <translation>Freier Platz</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Where your files go</source>
        <translation>Wohin Ihre Dateien gehen</translation>
    </message>
    <message>
        <source>How fast transfers go</source>
        <translation>Wie schnell übertragen wird</translation>
    </message>
</context>
<context>
    <name>tarn::ui::Sidebar</name>
    <message>
        <source>Sections</source>
        <translation>Bereiche</translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation>Übertragungen</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
</context>
<context>
    <name>tarn::ui::TransferView</name>
    <message>
        <source>Transfers</source>
        <translation>Übertragungen</translation>
    </message>
</context>
<context>
    <name>tarn::ui::TransfersPage</name>
    <message>
        <source>“%1”: %2</source>
        <comment>what was refused, and why</comment>
        <translation>„%1“: %2</translation>
    </message>
    <message numerus="yes">
        <source>%n link(s) copied.</source>
        <translation>
            <numerusform>%n Link kopiert.</numerusform>
            <numerusform>%n Links kopiert.</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Add files…</source>
        <translation>&amp;Dateien hinzufügen …</translation>
    </message>
    <message>
        <source>Choose files to store</source>
        <translation>Dateien zum Speichern auswählen</translation>
    </message>
    <message>
        <source>Select &amp;all</source>
        <translation>&amp;Alles auswählen</translation>
    </message>
    <message>
        <source>Select every transfer</source>
        <translation>Jede Übertragung auswählen</translation>
    </message>
    <message>
        <source>Copy &amp;link</source>
        <translation>&amp;Link kopieren</translation>
    </message>
    <message>
        <source>Copy the file's capability: the key to read it</source>
        <translation>Die Capability der Datei kopieren: den Schlüssel, um sie zu lesen</translation>
    </message>
    <message>
        <source>&amp;Save a copy…</source>
        <translation>Kopie &amp;sichern …</translation>
    </message>
    <message>
        <source>Fetch the file back from the servers</source>
        <translation>Die Datei von den Servern zurückholen</translation>
    </message>
    <message>
        <source>&amp;Retry</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>Start it again</source>
        <translation>Noch einmal starten</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>Stop it; your own file is untouched</source>
        <translation>Anhalten; Ihre eigene Datei bleibt unberührt</translation>
    </message>
    <message>
        <source>Re&amp;move from the list</source>
        <translation>Aus der Liste &amp;entfernen</translation>
    </message>
    <message>
        <source>Take it off the list</source>
        <translation>Aus der Liste nehmen</translation>
    </message>
    <message>
        <source>Cancel or remove</source>
        <translation>Abbrechen oder entfernen</translation>
    </message>
    <message>
        <source>Transfers</source>
        <translation>Übertragungen</translation>
    </message>
    <message>
        <source>Add files…</source>
        <translation>Dateien hinzufügen …</translation>
    </message>
    <message>
        <source>Totals</source>
        <translation>Summen</translation>
    </message>
    <message>
        <source>Add files</source>
        <translation>Dateien hinzufügen</translation>
    </message>
    <message>
        <source>Remove from the list</source>
        <translation>Aus der Liste entfernen</translation>
    </message>
    <message numerus="yes">
        <source>Remove %n stored file(s) from the list?</source>
        <translation>
            <numerusform>%n gespeicherte Datei aus der Liste entfernen?</numerusform>
            <numerusform>%n gespeicherte Dateien aus der Liste entfernen?</numerusform>
        </translation>
    </message>
    <message>
        <source>The link is removed with it. Without the link nobody can fetch the stored file again: copy it first if you want to keep it. The file on this computer is untouched.</source>
        <translation>Der Link wird mit entfernt. Ohne Link kann niemand die gespeicherte Datei wieder holen: Kopieren Sie ihn vorher, wenn Sie ihn behalten möchten. Die Datei auf diesem Computer bleibt unberührt.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>An&amp;halten</translation>
    </message>
    <message>
        <source>Stop it for now; it goes on where it stopped</source>
        <translation>Vorerst anhalten; es geht dort weiter, wo es aufgehört hat</translation>
    </message>
    <message>
        <source>Res&amp;ume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Go on where it stopped</source>
        <translation>Dort weitermachen, wo es aufgehört hat</translation>
    </message>
    <message>
        <source>Move to the &amp;top</source>
        <translation>Ganz nach &amp;oben</translation>
    </message>
    <message>
        <source>Make it the first of the list</source>
        <translation>An den Anfang der Liste stellen</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach o&amp;ben</translation>
    </message>
    <message>
        <source>Let it change places with the one before</source>
        <translation>Mit der vorigen tauschen</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>Let it change places with the one behind</source>
        <translation>Mit der nächsten tauschen</translation>
    </message>
    <message>
        <source>Move to the &amp;bottom</source>
        <translation>&amp;Ganz nach unten</translation>
    </message>
    <message>
        <source>Make it the last of the list</source>
        <translation>Ans Ende der Liste stellen</translation>
    </message>
    <message>
        <source>Start &amp;before others</source>
        <translation>&amp;Vor anderen beginnen</translation>
    </message>
    <message>
        <source>Wherever it stands in the list</source>
        <translation>Wo immer es in der Liste steht</translation>
    </message>
    <message>
        <source>Start &amp;in the list's order</source>
        <translation>In der &amp;Reihenfolge der Liste beginnen</translation>
    </message>
    <message>
        <source>As it stands in the list</source>
        <translation>So wie es in der Liste steht</translation>
    </message>
    <message>
        <source>Start &amp;after others</source>
        <translation>&amp;Nach anderen beginnen</translation>
    </message>
    <message>
        <source>“%1” is a folder that could not be read to its end.</source>
        <translation>„%1“ ist ein Ordner, der nicht ganz gelesen werden konnte.</translation>
    </message>
    <message>
        <source>Resume all</source>
        <translation>Alle fortsetzen</translation>
    </message>
    <message>
        <source>Pause all</source>
        <translation>Alle anhalten</translation>
    </message>
    <message>
        <source>Resume a&amp;ll</source>
        <translation>A&amp;lle fortsetzen</translation>
    </message>
    <message>
        <source>Pause a&amp;ll</source>
        <translation>A&amp;lle anhalten</translation>
    </message>
    <message>
        <source>Let the whole queue go on</source>
        <translation>Die ganze Liste weiterlaufen lassen</translation>
    </message>
    <message>
        <source>Hold the whole queue</source>
        <translation>Die ganze Liste anhalten</translation>
    </message>
    <message>
        <source>All paused · %1</source>
        <comment>%1: counts</comment>
        <translation>Alles angehalten · %1</translation>
    </message>
</context>
<context>
    <name>tarn::ui::Tray</name>
    <message>
        <source>Open Tarn</source>
        <translation>Tarn öffnen</translation>
    </message>
    <message>
        <source>Storage server on this computer</source>
        <translation>Speicherserver auf diesem Computer</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Tarn goes on here</source>
        <translation>Tarn läuft hier weiter</translation>
    </message>
    <message>
        <source>Transfers continue with the window closed. Quit from this icon's menu.</source>
        <translation>Übertragungen gehen bei geschlossenem Fenster weiter. Beenden lässt sich Tarn im Menü dieses Symbols.</translation>
    </message>
</context>
<context>
    <name>tarn::ui::TroublePage</name>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Detail: %1</source>
        <translation>Einzelheit: %1</translation>
    </message>
</context>
</TS>
