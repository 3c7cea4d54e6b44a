"""Decision trees and forests over the other models' results."""
