#!/usr/bin/env python3
"""Writes a page of the manual for every command of a program: its own descriptions, as `--experimental-dump-help` gives them.

    man_pages.py PROGRAM FOLDER [DATE]

DATE (YYYY-MM-DD) stands in the pages' headings.
"""

import json
import pathlib
import subprocess
import sys


def escaped(text):
    """Text that roff takes as it is: no escapes, no hyphens that are typeset, no line that begins a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def paragraphs(text):
    """A discussion as roff: indented lines stay as they are, others are filled."""
    lines, is_literal = [], False
    for line in text.strip("\n").split("\n"):
        starts_literal = line.startswith("  ") or (is_literal and not line)
        if starts_literal != is_literal:
            lines.append(".nf\n.RS 4" if starts_literal else ".RE\n.fi")
            is_literal = starts_literal
        lines.append(escaped(line[2:] if is_literal else line) if line else ("" if is_literal else ".PP"))
    return "\n".join(lines + ([".RE\n.fi"] if is_literal else []))


def spelled(argument):
    """An argument as it is typed, in bold and italics."""
    value = "\\fI" + escaped(argument["valueName"]) + "\\fR"
    if argument["kind"] == "positional":
        return value + (" ..." if argument["isRepeating"] else "")
    names = ["\\fB" + escaped(("-" if name["kind"] == "short" else "--") + name["name"]) + "\\fR" for name in argument["names"]]
    return ", ".join(names) + (" " + value if argument["kind"] == "option" else "")


def options(command):
    """The arguments of a command, by the titles that they have in its help."""
    sections = {}
    for argument in command.get("arguments", []):
        if argument["shouldDisplay"]:
            title = argument.get("sectionTitle") or ("Arguments" if argument["kind"] == "positional" else "Options")
            sections.setdefault(title, []).append(argument)
    # As in the help: what has no name first, what every command has last.
    for title in sorted(sections, key=lambda title: (title == "Options") - (title == "Arguments")):
        yield f".SH {escaped(title.upper())}"
        for argument in sections[title]:
            text = argument.get("abstract", "")
            if "defaultValue" in argument:
                text += f" (default: {argument['defaultValue']})"
            yield f".TP\n{spelled(argument)}\n{escaped(text)}"
            if "discussion" in argument:
                yield ".br\n" + paragraphs(argument["discussion"])


def page(command, path, date, version):
    name = "-".join(path)
    # TH takes three words that are quoted; a hyphen in a name stays one.
    yield f'.TH "{escaped(name.upper())}" 1 "{date}" "gyges {version}" "Gyges"'
    yield f".SH NAME\n{escaped(name)} \\- {escaped(command['abstract'].rstrip('.'))}"
    shown = [child for child in command.get("subcommands", []) if child["shouldDisplay"]]
    usage = " ".join("\\fB" + escaped(word) + "\\fR" for word in path)
    if shown:
        usage += " \\fIcommand\\fR"
    else:
        usage += " [\\fIoptions\\fR]"
        for argument in command.get("arguments", []):
            if argument["kind"] == "positional" and argument["shouldDisplay"]:
                usage += f" [{spelled(argument)}]" if argument["isOptional"] else f" {spelled(argument)}"
    yield f".SH SYNOPSIS\n{usage}"
    if command.get("discussion"):
        yield ".SH DESCRIPTION\n" + paragraphs(command["discussion"])
    if shown:
        yield ".SH COMMANDS"
        for child in shown:
            if child["commandName"] == "help":
                yield f".TP\n\\fB{usage_word(path, 'help')}\\fR\n{escaped(child['abstract'])}"
            else:
                yield f".TP\n.BR {escaped('-'.join(path + [child['commandName']]))} (1)\n{escaped(child['abstract'])}"
    yield from options(command)
    others = [path[:-1]] if len(path) > 1 else []
    if others:
        yield ".SH SEE ALSO\n" + "\n".join(f".BR {escaped('-'.join(other))} (1)" for other in others)


def usage_word(path, word):
    return escaped(" ".join(path + [word]))


def write(command, path, folder, date, version):
    (folder / f"{'-'.join(path)}.1").write_text("\n".join(page(command, path, date, version)) + "\n")
    count = 1
    for child in command.get("subcommands", []):
        if child["shouldDisplay"] and child["commandName"] != "help":
            count += write(child, path + [child["commandName"]], folder, date, version)
    return count


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    said = lambda *words: subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
    folder.mkdir(parents=True, exist_ok=True)
    described = json.loads(said("--experimental-dump-help"))["command"]
    date = sys.argv[3] if len(sys.argv) > 3 else ""
    print(f"{write(described, [described['commandName']], folder, date, said('--version').strip())} pages of the manual")


if __name__ == "__main__":
    main()
