package org.tastemaker.feedback.server;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The parts of a form with a file, as text by their names. */
final class Multipart {
  private static final Pattern BOUNDARY = Pattern.compile("boundary=\"?([^\";]+)\"?");
  private static final Pattern NAME =
      Pattern.compile("(?i)content-disposition:.*?\\bname=\"([^\"]*)\"");

  private Multipart() {}

  static Map<String, String> read(String contentType, String body) throws BadRequest {
    Matcher boundary = BOUNDARY.matcher(contentType);
    if (!contentType.startsWith("multipart/form-data") || !boundary.find()) {
      throw BadRequest.because("invalid_content_type", "", "a file comes as multipart/form-data");
    }
    String line = "--" + boundary.group(1);
    Map<String, String> parts = new LinkedHashMap<>();
    int at = body.indexOf(line);
    while (at >= 0) {
      int begin = at + line.length() + 2;
      int end = body.indexOf("\r\n" + line, at + line.length());
      if (end < 0) {
        break;
      }
      int head = body.indexOf("\r\n\r\n", begin);
      Matcher name = NAME.matcher(body.substring(begin, Math.max(begin, Math.min(head, end))));
      if (head < 0 || head > end || !name.find()) {
        throw BadRequest.because("invalid_form", "", "a part of the form has no name");
      }
      parts.put(name.group(1), head + 4 > end ? "" : body.substring(head + 4, end));
      at = end + 2;
    }
    return parts;
  }
}
