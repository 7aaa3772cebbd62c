/**
 * Stories across modules: a real Kafka broker, a real Flink cluster, and what a user would see of
 * them.
 */
package io.tapestream.stories;
