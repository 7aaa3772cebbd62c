package io.tapestream.jobs.feed;

import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of cells in the CSV form of RFC 4180: commas between cells, {@code "} around those that hold
 * commas, line ends or (doubled) quotes. Knows on which line a row began. Empty lines are passed
 * over.
 */
final class CsvRows implements Closeable {
  private static final int END = -1;

  private final Reader in;
  private final String name;
  private long line = 1;
  private long began = 1;
  private int ahead;

  /**
   * Begins with the first line.
   *
   * @param in buffered
   * @param name what the file is called in errors
   */
  CsvRows(Reader in, String name) throws IOException {
    this.in = in;
    this.name = name;
    ahead = in.read();
    if (ahead == '\uFEFF') { // the mark that some spreadsheets begin with
      ahead = in.read();
    }
  }

  /** The line on which the last row began, from 1. */
  long line() {
    return began;
  }

  /** The next row's cells, or null at the end. */
  @Nullable List<String> next() throws IOException {
    while (ahead == '\n' || ahead == '\r') {
      advance();
    }
    if (ahead == END) {
      return null;
    }
    began = line;
    List<String> cells = new ArrayList<>();
    cells.add(cell());
    while (ahead == ',') {
      advance();
      cells.add(cell());
    }
    if (ahead != END && ahead != '\n' && ahead != '\r') {
      throw new IOException(
          "%s line %d: '%c' follows a closing quote; double the quotes inside a quoted cell"
              .formatted(name, line, (char) ahead));
    }
    return cells;
  }

  private String cell() throws IOException {
    StringBuilder text = new StringBuilder();
    if (ahead != '"') {
      while (ahead != ',' && ahead != '\n' && ahead != '\r' && ahead != END) {
        text.append((char) ahead);
        advance();
      }
      return text.toString().strip();
    }
    long opened = line;
    advance();
    while (true) {
      if (ahead == END) {
        throw new IOException(
            "%s line %d: a quoted cell is not closed before the end of the file"
                .formatted(name, opened));
      }
      if (ahead == '"') {
        advance();
        if (ahead != '"') {
          return text.toString();
        }
      }
      text.append((char) ahead);
      advance();
    }
  }

  private void advance() throws IOException {
    if (ahead == '\n') {
      line++;
    }
    ahead = in.read();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
