package org.tastemaker.examples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Lines as a shell would read them. */
final class CommandLines {
  private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");

  private CommandLines() {}

  /** The words of a line, without quotes. */
  static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    for (Matcher word = WORD.matcher(line); word.find(); ) {
      words.add(word.group().replaceAll("[\"']", ""));
    }
    return words;
  }

  /** Parses a line that begins with the program's name; throws if an argument is wrong. */
  static CommandLine.ParseResult parse(CommandLine program, List<String> words) {
    return program.parseArgs(words.subList(1, words.size()).toArray(String[]::new));
  }
}
