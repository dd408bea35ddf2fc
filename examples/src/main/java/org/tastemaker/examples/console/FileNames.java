package org.tastemaker.examples.console;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Names of files in arguments. In the locale "C" Java knows no names beyond ASCII, and says so in
 * words that help nobody.
 */
public final class FileNames {
  private FileNames() {}

  /**
   * Lets a command's arguments that are files be refused with the way out.
   *
   * @param command whose arguments are parsed later
   * @return the same command
   */
  public static CommandLine in(CommandLine command) {
    ITypeConverter<Path> converter =
        text -> {
          try {
            return Path.of(text);
          } catch (InvalidPathException e) {
            throw new TypeConversionException(refusal(e, System.getProperty("sun.jnu.encoding")));
          }
        };
    return command.registerConverter(Path.class, converter);
  }

  /**
   * Why a name is no name of a file here, and the way out.
   *
   * @param failure of making a path of it
   * @param encoding of the names of files in this process
   * @return a sentence
   */
  static String refusal(InvalidPathException failure, String encoding) {
    if (failure.getInput().indexOf('\0') >= 0 || encoding.startsWith("UTF")) {
      return "'" + failure.getInput() + "' cannot be a file's name: " + failure.getReason();
    }
    return "'"
        + failure.getInput()
        + "' cannot be a file's name here: this process knows names in "
        + encoding
        + " alone, since LC_ALL or LANG is not set to a locale of UTF-8. Start it with"
        + " LC_ALL=C.UTF-8 before the command, or choose a name of ASCII letters";
  }
}
