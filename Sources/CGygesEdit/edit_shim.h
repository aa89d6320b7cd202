// The system's libedit (https://thrysoee.dk/editline, BSD licence), for Sources/gyges/Terminal/LineEditor.swift alone.
#ifndef GYGES_EDIT_SHIM_H
#define GYGES_EDIT_SHIM_H

#include <histedit.h>
#include <stdio.h>

// What libedit does by functions with arguments that vary, which Swift cannot call.

static inline EditLine *gyges_edit_open(int writes_to_errors) {
    return el_init("gyges", stdin, writes_to_errors ? stderr : stdout, stderr);
}

static inline void gyges_edit_set_prompt(EditLine *editor, wchar_t *(*prompt)(EditLine *)) {
    el_wset(editor, EL_PROMPT, prompt);
}

static inline void gyges_edit_set_reader(EditLine *editor, el_rfunc_t reader) { el_wset(editor, EL_GETCFN, reader); }

static inline void gyges_edit_set_owner(EditLine *editor, void *owner) { el_set(editor, EL_CLIENTDATA, owner); }

static inline void *gyges_edit_owner(EditLine *editor) {
    void *owner = NULL;
    el_get(editor, EL_CLIENTDATA, &owner);
    return owner;
}

// Calls `action` for the keys in `sequence`, which is written as in a file .editrc.
static inline void gyges_edit_bind(
    EditLine *editor, const char *sequence, const char *name, unsigned char (*action)(EditLine *, wint_t)) {
    el_set(editor, EL_ADDFN, name, name, action);
    el_set(editor, EL_BIND, sequence, name, NULL);
}

static inline void gyges_edit_bind_known(EditLine *editor, const char *sequence, const char *name) {
    el_set(editor, EL_BIND, sequence, name, NULL);
}

static inline void gyges_edit_use_emacs_keys(EditLine *editor) { el_set(editor, EL_EDITOR, "emacs"); }

static inline void gyges_edit_use_history(EditLine *editor, HistoryW *history, int count) {
    HistEventW event;
    history_w(history, &event, H_SETSIZE, count);
    el_wset(editor, EL_HIST, history_w, history);
}

static inline void gyges_edit_remember(HistoryW *history, const wchar_t *line) {
    HistEventW event;
    history_w(history, &event, H_ENTER, line);
}

#endif
