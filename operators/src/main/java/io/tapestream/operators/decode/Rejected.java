package io.tapestream.operators.decode;

/**
 * Examples of a mini-batch that can't be learned from.
 *
 * @param record index of their record in the mini-batch
 * @param row the first of their rows in that record
 * @param rows how many there are; more than 1 only when none of these can be used
 * @param reason why, for programs
 * @param detail why, for people
 */
public record Rejected(int record, int row, int rows, Reason reason, String detail) {}
