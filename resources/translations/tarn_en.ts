<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>GridWords</name>
    <message numerus="yes">
        <source>%n server(s)</source>
        <translation>
            <numerusform>%n server</numerusform>
            <numerusform>%n servers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>At least %n server(s) may fail.</source>
        <translation>
            <numerusform>At least %n server may fail.</numerusform>
            <numerusform>At least %n servers may fail.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>HomeServerWords</name>
    <message numerus="yes">
        <source>%Ln piece(s)</source>
        <translation>
            <numerusform>%Ln piece</numerusform>
            <numerusform>%Ln pieces</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QuantityWords</name>
    <message numerus="yes">
        <source>%n byte(s)</source>
        <translation>
            <numerusform>%n byte</numerusform>
            <numerusform>%n bytes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) left</source>
        <translation>
            <numerusform>%n day left</numerusform>
            <numerusform>%n days left</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TransferTotals</name>
    <message numerus="yes">
        <source>%n running</source>
        <translation>
            <numerusform>%n running</numerusform>
            <numerusform>%n running</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n waiting</numerusform>
            <numerusform>%n waiting</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n done</source>
        <translation>
            <numerusform>%n done</numerusform>
            <numerusform>%n done</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n failed</source>
        <translation>
            <numerusform>%n failed</numerusform>
            <numerusform>%n failed</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n cancelled</source>
        <translation>
            <numerusform>%n cancelled</numerusform>
            <numerusform>%n cancelled</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n paused</source>
        <translation>
            <numerusform>%n paused</numerusform>
            <numerusform>%n paused</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TransferWords</name>
    <message numerus="yes">
        <source>Sending pieces to %n server(s)</source>
        <translation>
            <numerusform>Sending pieces to %n server</numerusform>
            <numerusform>Sending pieces to %n servers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Fetching and checking pieces from %n server(s)</source>
        <translation>
            <numerusform>Fetching and checking pieces from %n server</numerusform>
            <numerusform>Fetching and checking pieces from %n servers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Stored on %n server(s), but losing one of them loses the file.</source>
        <translation>
            <numerusform>Stored on %n server; losing it loses the file.</numerusform>
            <numerusform>Stored on %n servers, but losing one of them loses the file.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Safe: any %n of %1 piece(s) rebuild it.</source>
        <translation>
            <numerusform>Safe: any %n of %1 pieces rebuilds it.</numerusform>
            <numerusform>Safe: any %n of %1 pieces rebuild it.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of %1 server(s) may fail.</source>
        <translation>
            <numerusform>%n of %1 servers may fail.</numerusform>
            <numerusform>%n of %1 servers may fail.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n piece(s)</source>
        <translation>
            <numerusform>%n piece</numerusform>
            <numerusform>%n pieces</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 on %n server(s)</source>
        <comment>%1: so many pieces</comment>
        <translation>
            <numerusform>%1 on %n server</numerusform>
            <numerusform>%1 on %n servers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::CopySaver</name>
    <message numerus="yes">
        <source>Save %n copies</source>
        <translation>
            <numerusform>Save %n copy</numerusform>
            <numerusform>Save %n copies</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::DropOverlay</name>
    <message numerus="yes">
        <source>Drop to store %n file(s)</source>
        <translation>
            <numerusform>Drop to store %n file</numerusform>
            <numerusform>Drop to store %n files</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::MainWindow</name>
    <message numerus="yes">
        <source>%n item(s) left out: only files on this computer can be stored. Save them here first.</source>
        <translation>
            <numerusform>%n item left out: only files on this computer can be stored. Save it here first.</numerusform>
            <numerusform>%n items left out: only files on this computer can be stored. Save them here first.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::NoticeBar</name>
    <message numerus="yes">
        <source>And %n more.</source>
        <translation>
            <numerusform>And %n more.</numerusform>
            <numerusform>And %n more.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>tarn::ui::TransfersPage</name>
    <message numerus="yes">
        <source>%n link(s) copied.</source>
        <translation>
            <numerusform>%n link copied.</numerusform>
            <numerusform>%n links copied.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Remove %n stored file(s) from the list?</source>
        <translation>
            <numerusform>Remove %n stored file from the list?</numerusform>
            <numerusform>Remove %n stored files from the list?</numerusform>
        </translation>
    </message>
</context>
</TS>
